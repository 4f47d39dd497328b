//! `ablate gc`: takes away files beside the store that no run names: of runs that were deleted or
//! trained anew, of sweeps that died, partial ones.

use ablate_records::{Durability, Store};
use ablate_report::visible;

use crate::args::{Common, Gc};
use crate::commands::delete::files_said;
use crate::exit::Exit;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Gc, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let (files, done) = if args.dry_run {
        (Store::open_read_only(&common.db)?.strays()?, "would go")
    } else {
        let mut store = Store::open_existing(&common.db, Durability::Normal)?;
        (store.remove_strays()?, "removed")
    };
    let names: Vec<String> = files.iter().map(|stored| visible(&stored.file)).collect();
    terminal.data(&names.join("\n"))?;
    terminal.message(&format!("{} {done}", files_said(&files)));
    Ok(Exit::Done)
}

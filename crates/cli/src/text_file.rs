//! Text files that somebody has named.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::exit::Usage;

/// The text of the file at `path`, if it has at most `most` bytes, as `kind` (such as `an experiment file`)
/// does.
pub(crate) fn read(path: &Path, most: u64, kind: &str) -> Result<String, Usage> {
    let shown = path.display();
    let unreadable = |error: io::Error| Usage(format!("cannot read {shown}: {error}"));
    let mut bytes = Vec::new();
    // No length is asked for beforehand: a device says 0 and has no end.
    File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(Usage(format!(
            "{shown} is larger than {most} bytes, the most that {kind} may have"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Usage(format!("{shown} is not UTF-8 text: byte {at} is where it stops being so"))
    })
}

//! `ablate serve`: the store in a browser.

use std::sync::Arc;

use ablate_dashboard::{Server, Settings, Token};
use anyhow::Context;

use crate::args::{Common, Serve};
use crate::dashboard::Exhibits;
use crate::exit::Exit;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Serve, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let is_open = !args.host.is_loopback();
    let token = (is_open || args.token).then(Token::random).transpose();
    let token = token.context("the operating system gives no random numbers for a token")?;
    let settings = Settings { store: common.db.clone(), host: args.host, port: args.port, token };
    let server = Server::bind(settings)?;
    if is_open {
        let host = args.host;
        terminal.error(&format!(
            "warning: {host} can be reached from other machines, without encryption; whoever has \
             the address below reads the store"
        ));
    }
    terminal.data(&format!("{}\n", server.address()))?;
    terminal.message(&format!("reading {}; Ctrl-C stops", common.db.display()));
    server.serve(Arc::new(Exhibits::new(common.data.clone()))).context("the server has ended")?;
    Ok(Exit::Done)
}

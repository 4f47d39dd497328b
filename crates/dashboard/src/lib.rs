//! The store in a browser: experiments with their answers, runs, curves and comparisons. The server
//! only reads, only this machine reaches it unless it is told otherwise, and no request names a path.
//!
//! [`Server::bind`] listens and [`Server::serve`] answers until it is asked to stop; [`report`] is the
//! page of one experiment as a single file, and [`draw`] one plot of a store. What only the science knows
//! (which runs an experiment plans, what a network looks like as a picture) comes through
//! [`Laboratory`], so that this crate knows neither Candle nor the terminal.
//!
//! ```text
//! connection -limits-> guard (host, origin, method, token) -> view (store + query) -> page | text | PNG
//! ```

mod address;
mod assets;
mod drawing;
mod guard;
mod laboratory;
mod live;
mod page;
mod reply;
mod server;
mod token;
mod views;

pub use drawing::{DrawError, draw};
pub use laboratory::{Answer, Laboratory, Picture, Standings};
pub use server::{ServeError, Server, Settings};
pub use token::Token;
pub use views::report::report;

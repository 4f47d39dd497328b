//! The server: connections within limits, each request through the walls to a view on a thread of its
//! own, and no thread for what waits.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ablate_records::{RecordsError, Store};
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::{self, Next};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::address::Asked;
use crate::assets;
use crate::guard::{Guard, harden};
use crate::laboratory::Laboratory;
use crate::live;
use crate::reply::{Problem, Reply, response, typed};
use crate::token::Token;
use crate::views::{self, View, Visit};

/// Connections at a time; further ones wait.
const CONNECTIONS: usize = 64;
/// Views made at a time: enough for one person, and few beside a sweep that runs.
const VIEWS_AT_ONCE: usize = 2;
/// Bytes of a request's line and headers.
const HEAD: usize = 16 << 10;
/// How long a connection may take for its next request's line and headers.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a view may read.
const READING_TIME: Duration = Duration::from_secs(5);
/// How long a request waits for its answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// What to serve, and to whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The store.
    pub store: PathBuf,
    /// Where to listen; this machine alone by default. Anywhere else needs a token.
    pub host: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// What has to be brought along, if anything.
    pub token: Option<Token>,
}

impl Settings {
    /// The store at `store` for this machine alone, at any free port.
    pub fn local(store: impl Into<PathBuf>) -> Settings {
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Settings { store: store.into(), host, port: 0, token: None }
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] RecordsError),
    /// Others could reach it without a token.
    #[error("{host} can be reached from other machines: that needs a token")]
    Open {
        /// The address asked for.
        host: IpAddr,
    },
    /// The operating system does not let it listen.
    #[error("cannot listen at {at}: {source}")]
    Listen {
        /// Where.
        at: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A server that listens, and answers once [`Server::serve`] is called.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    at: SocketAddr,
    settings: Settings,
}

impl Server {
    /// Listens, once it is clear that the store can be read.
    ///
    /// # Errors
    /// A store that is not there or cannot be read, an address that others reach without a token, or
    /// a port that is taken.
    pub fn bind(settings: Settings) -> Result<Server, ServeError> {
        Store::open_confined(&settings.store, READING_TIME)?;
        if !settings.host.is_loopback() && settings.token.is_none() {
            return Err(ServeError::Open { host: settings.host });
        }
        let at = SocketAddr::new(settings.host, settings.port);
        let failed = |source| ServeError::Listen { at, source };
        let listener = TcpListener::bind(at).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let at = listener.local_addr().map_err(failed)?;
        Ok(Server { listener, at, settings })
    }

    /// The address to be opened in a browser, token included.
    pub fn address(&self) -> String {
        match &self.settings.token {
            Some(token) => format!("http://{}/?token={}", self.at, token.secret()),
            None => format!("http://{}/", self.at),
        }
    }

    /// Answers for as long as the process lives.
    ///
    /// # Errors
    /// If the operating system denies what the server needs to begin with.
    pub fn serve(self, laboratory: Arc<dyn Laboratory>) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(VIEWS_AT_ONCE)
            .build()?;
        let shared = Arc::new(Shared {
            store: self.settings.store,
            laboratory,
            guard: Guard::new(self.at, self.settings.token),
            views: Arc::new(Semaphore::new(VIEWS_AT_ONCE)),
        });
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            accept(&listener, &router(&shared)).await;
            Ok(())
        })
    }
}

/// What every request needs.
struct Shared {
    store: PathBuf,
    laboratory: Arc<dyn Laboratory>,
    guard: Guard,
    views: Arc<Semaphore>,
}

fn router(shared: &Arc<Shared>) -> Router {
    let mut router = Router::new();
    for (path, view) in views::ALL {
        let answer = move |State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery| async move {
            response(shared.show(view, &query.unwrap_or_default()).await)
        };
        router = router.route(path, get(answer));
    }
    for asset in assets::ALL {
        let file = move || async move { typed(StatusCode::OK, asset.kind, asset.text) };
        router = router.route(asset.path, get(file));
    }
    let events = |State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery| async move {
        live::events(&shared.store, &Asked::read(&query.unwrap_or_default()))
    };
    let nothing = || async { response(Err(Problem::missing("There is no such page."))) };
    router
        .route(live::PATH, get(events))
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), walls))
        .with_state(Arc::clone(shared))
}

async fn walls(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response<Body> {
    let mut response = match shared.guard.stops(&request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    harden(&mut response);
    response
}

impl Shared {
    /// What `view` answers to `query`, made on a thread that may block.
    async fn show(&self, view: View, query: &str) -> Result<Reply, Problem> {
        let late = || Problem {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: "This took too long, and was stopped: ask for less.".to_owned(),
        };
        let permit = timeout(ANSWER_TIME, Arc::clone(&self.views).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(late()) };
        let (store, laboratory) = (self.store.clone(), Arc::clone(&self.laboratory));
        let asked = Asked::read(query);
        let work = tokio::task::spawn_blocking(move || {
            // Given back when the work is done, even if nobody waits for it any longer.
            let _permit: OwnedSemaphorePermit = permit;
            visit(&store, laboratory.as_ref(), &asked, view)
        });
        match timeout(ANSWER_TIME, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => {
                tracing::error!(%panic, "a view panicked");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let said = "This page could not be made: a mistake in ablate.".to_owned();
                Err(Problem { status, said })
            }
            Err(_) => Err(late()),
        }
    }
}

fn visit(
    store: &Path,
    laboratory: &dyn Laboratory,
    asked: &Asked,
    view: View,
) -> Result<Reply, Problem> {
    let store = Store::open_confined(store, READING_TIME)?;
    view(&Visit { store: &store, laboratory, asked })
}

async fn accept(listener: &tokio::net::TcpListener, router: &Router) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, router.clone(), permit));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, permit: OwnedSemaphorePermit) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
    drop(permit);
}

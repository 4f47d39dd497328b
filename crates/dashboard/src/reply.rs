//! What a view answers with, and how that becomes an HTTP response.

use ablate_records::RecordsError;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use maud::{Markup, html};

use crate::address::Address;
use crate::page;

/// An answer.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A page.
    Page(Markup),
    /// Plain text, to be copied.
    Text(String),
    /// A picture.
    Png(Vec<u8>),
    /// A drawing, as a file of its own.
    Svg(String),
    /// The answer is elsewhere.
    See(Address),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) said: String,
}

impl Problem {
    /// There is no such thing.
    pub(crate) fn missing(said: impl Into<String>) -> Problem {
        Problem { status: StatusCode::NOT_FOUND, said: said.into() }
    }

    /// What was asked cannot be meant.
    pub(crate) fn mistaken(said: impl Into<String>) -> Problem {
        Problem { status: StatusCode::BAD_REQUEST, said: said.into() }
    }

    /// It is there and cannot be shown.
    pub(crate) fn failed(said: impl Into<String>) -> Problem {
        Problem { status: StatusCode::INTERNAL_SERVER_ERROR, said: said.into() }
    }

    /// A page that says it.
    pub(crate) fn page(&self) -> Markup {
        let body = html! {
            h1 { (self.status.canonical_reason().unwrap_or("Error")) }
            pre.said { (self.said) }
            p { a href="/experiments" { "All experiments" } " · " a href="/runs" { "All runs" } }
        };
        page::whole("error", None, body)
    }
}

impl From<RecordsError> for Problem {
    fn from(error: RecordsError) -> Problem {
        let status = match &error {
            RecordsError::UnknownRun { .. }
            | RecordsError::AmbiguousRun { .. }
            | RecordsError::UnknownExperiment { .. } => StatusCode::NOT_FOUND,
            RecordsError::UnknownColumn { .. }
            | RecordsError::UnknownCurve { .. }
            | RecordsError::Incomparable { .. } => StatusCode::BAD_REQUEST,
            RecordsError::TookTooLong { .. } | RecordsError::Busy { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let said = match error {
            RecordsError::TookTooLong { doing, .. } => {
                format!(
                    "It took too long to {doing}, and was stopped: a narrower filter asks for less."
                )
            }
            error => error.to_string(),
        };
        Problem { status, said }
    }
}

/// The response for what a view has come to.
pub(crate) fn response(outcome: Result<Reply, Problem>) -> Response<Body> {
    match outcome {
        Ok(Reply::Page(page)) => typed(StatusCode::OK, HTML, page.into_string()),
        Ok(Reply::Text(text)) => typed(StatusCode::OK, "text/plain; charset=utf-8", text),
        Ok(Reply::Png(bytes)) => typed(StatusCode::OK, "image/png", bytes),
        Ok(Reply::Svg(drawing)) => typed(StatusCode::OK, "image/svg+xml", drawing),
        Ok(Reply::See(address)) => see(&address.to_string()),
        Err(problem) => typed(problem.status, HTML, problem.page().into_string()),
    }
}

/// A redirection to a page of ours.
pub(crate) fn see(address: &str) -> Response<Body> {
    let mut response = typed(StatusCode::SEE_OTHER, HTML, String::new());
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

const HTML: &str = "text/html; charset=utf-8";

/// A response of that type.
pub(crate) fn typed(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

//! Who is answered at all: the walls before any view, on every path, files included.
//!
//! A page of another site can make a browser send requests to this machine, and a name of its own can
//! be made to mean this machine (DNS rebinding). So a request has to name a host that is ours, must not
//! come from another site's page, and must only read. What passes gets headers that forbid the page
//! everything that it does not need.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::address::{Address, Asked, LONGEST};
use crate::reply::{see, typed};
use crate::token::Token;

/// The walls of one server.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Where it listens.
    at: SocketAddr,
    token: Option<Token>,
}

/// Scripts, styles and pictures come from here alone, none stands in a page, and nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'self'";

/// The name of the cookie that holds the token; the port is part of it, since cookies do not know
/// ports.
fn cookie_name(port: u16) -> String {
    format!("ablate-{port}")
}

impl Guard {
    pub(crate) fn new(at: SocketAddr, token: Option<Token>) -> Guard {
        Guard { at, token }
    }

    /// What a request gets instead of a view; `None` if it may see one.
    pub(crate) fn stops(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let (headers, uri) = (request.headers(), request.uri());
        if !self.is_for_us(headers, uri) {
            let said = "This server does not answer to that host name.\n";
            return Some(refused(StatusCode::MISDIRECTED_REQUEST, said));
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refused = refused(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
            refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(refused);
        }
        if self.is_foreign(headers) {
            return Some(refused(StatusCode::FORBIDDEN, "Asked for by another site's page.\n"));
        }
        if uri.query().is_some_and(|query| query.len() > LONGEST) {
            return Some(refused(StatusCode::URI_TOO_LONG, "The query is too long.\n"));
        }
        self.token.as_ref().and_then(|token| self.lets_in(token, headers, uri))
    }

    /// Whether the one `Host` header, and the address if it names a host, name this server.
    fn is_for_us(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let named = uri.authority().is_none_or(|authority| self.is_ours(authority.as_str()));
        named && host.to_str().is_ok_and(|host| self.is_ours(host))
    }

    /// Whether `host`, with its port, is `localhost` or an address that this server listens at. An
    /// address cannot be rebound, so where it listens at all of them any will do; no name but
    /// `localhost` does.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        if port != Some(self.at.port()) {
            return false;
        }
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let Ok(named) = bare.parse::<IpAddr>() else { return false };
        named.is_loopback() || self.at.ip().is_unspecified() || named == self.at.ip()
    }

    /// Whether a page of another site asks. Following a link from one is no harm: what it leads to
    /// the other site cannot read.
    fn is_foreign(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or(""));
        let ours = |origin: &str| {
            origin.strip_prefix("http://").is_some_and(|authority| self.is_ours(authority))
        };
        let site = text(HeaderName::from_static("sec-fetch-site"));
        let mode = text(HeaderName::from_static("sec-fetch-mode"));
        let elsewhere = matches!(site, Some("cross-site" | "same-site"));
        text(header::ORIGIN).is_some_and(|origin| !ours(origin))
            || elsewhere && mode != Some("navigate")
    }

    /// `None` for whoever brings the cookie. Whoever brings the word in the address gets the cookie
    /// and the same address without the word.
    fn lets_in(&self, token: &Token, headers: &HeaderMap, uri: &Uri) -> Option<Response<Body>> {
        let name = cookie_name(self.at.port());
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|all| all.to_str().ok());
        let mut words = cookies.flat_map(|all| all.split(';')).filter_map(|one| {
            let (key, word) = one.trim().split_once('=')?;
            (key == name).then_some(word)
        });
        if words.any(|word| token.is(word)) {
            return None;
        }
        let asked = Asked::read(uri.query().unwrap_or_default());
        if !asked.get("token").is_some_and(|word| token.is(word)) {
            let said = "A token is needed: open the address that `ablate serve` printed.\n";
            return Some(refused(StatusCode::UNAUTHORIZED, said));
        }
        let mut response = see(&Address::new("/").to_string());
        let cookie = format!("{name}={}; HttpOnly; SameSite=Strict; Path=/", token.secret());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Some(response)
    }
}

/// Puts on `response` what every response carries.
pub(crate) fn harden(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn refused(status: StatusCode, said: &'static str) -> Response<Body> {
    typed(status, "text/plain; charset=utf-8", said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(at: &str) -> Guard {
        Guard::new(at.parse().unwrap(), None)
    }

    #[test]
    fn only_names_that_cannot_be_rebound_are_ours() {
        let loopback = guard("127.0.0.1:8000");
        for host in ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"] {
            assert!(loopback.is_ours(host), "{host}");
        }
        for host in [
            "",
            ":",
            ":8000",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost",
            "localhost:8001",
            "evil.example:8000",
            "localhost.evil.example:8000",
            "127.0.0.1.evil.example:8000",
            "192.168.0.7:8000",
            "[::1]",
            "user@localhost:8000",
            "localhost:8000:8000",
            "0x7f000001:8000",
            "2130706433:8000",
            "localhost:8000/",
            " localhost:8000",
        ] {
            assert!(!loopback.is_ours(host), "{host}");
        }
        assert!(guard("127.0.0.1:80").is_ours("localhost"));
        assert!(guard("192.168.0.7:8000").is_ours("192.168.0.7:8000"));
        assert!(!guard("192.168.0.7:8000").is_ours("192.168.0.8:8000"));
        assert!(guard("0.0.0.0:8000").is_ours("192.168.0.8:8000"));
        assert!(!guard("0.0.0.0:8000").is_ours("host.example:8000"));
    }
}

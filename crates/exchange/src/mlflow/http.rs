//! As much of HTTP/1.1 as it takes to ask a server nearby: one request a connection, JSON there and
//! back, no TLS. What is farther away stands behind a tunnel or a proxy of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde_json::Value as Json;

use crate::ExchangeError;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// No answer here is larger; it keeps a wrong address from filling the memory.
const MAX_BYTES: u64 = 64 << 20;

/// A tracking server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    address: String,
    host: String,
    /// What stands before `/api` in paths.
    prefix: String,
}

impl Server {
    /// The server at an address such as `http://127.0.0.1:5000`.
    ///
    /// # Errors
    /// [`ExchangeError::Address`].
    pub fn at(address: &str) -> Result<Server, ExchangeError> {
        let bad = || ExchangeError::Address { address: address.to_owned() };
        let rest = address.strip_prefix("http://").ok_or_else(bad)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:[]/%".contains(c);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() || !rest.chars().all(plain) {
            return Err(bad());
        }
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let host = if has_port { host.to_owned() } else { format!("{host}:80") };
        let path = path.trim_end_matches('/');
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Server { address: address.to_owned(), host, prefix })
    }

    /// What the server answers to `call`, a path under `/api/2.0/mlflow/`.
    pub(super) fn post(&self, call: &str, body: &Json) -> Result<Json, ExchangeError> {
        let unreachable =
            |source| ExchangeError::Unreachable { address: self.address.clone(), source };
        let (status, text) = self.exchange(call, &body.to_string()).map_err(unreachable)?;
        let refused = |answer: &str| ExchangeError::Refused {
            address: self.address.clone(),
            call: call.to_owned(),
            answer: answer.chars().take(500).collect(),
        };
        if status != 200 {
            return Err(refused(&format!("{status} {text}")));
        }
        serde_json::from_str(&text).map_err(|_| refused(&format!("not in JSON: {text}")))
    }

    fn exchange(&self, call: &str, body: &str) -> io::Result<(u16, String)> {
        let address = self.host.to_socket_addrs()?.next();
        let address = address.ok_or_else(|| io::Error::other("the host has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let Server { host, prefix, .. } = self;
        let length = body.len();
        let request = format!(
            "POST {prefix}/api/2.0/mlflow/{call} HTTP/1.1\r\nHost: {host}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        read_answer(BufReader::new(stream.take(MAX_BYTES)))
    }
}

/// The status and the body of an answer.
fn read_answer(mut answer: impl BufRead) -> io::Result<(u16, String)> {
    let odd = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| odd("it does not answer in HTTP"))?;
    let (mut length, mut chunked) = (None, false);
    loop {
        line.clear();
        if answer.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse::<u64>().ok(),
            "transfer-encoding" => chunked = value.to_ascii_lowercase().contains("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        read_chunks(&mut answer, &mut body)?;
    } else {
        answer.take(length.unwrap_or(MAX_BYTES)).read_to_end(&mut body)?;
        if length.is_some_and(|length| length != body.len() as u64) {
            return Err(odd("its answer ends too early"));
        }
    }
    let text = String::from_utf8(body).map_err(|_| odd("its answer is not UTF-8"))?;
    Ok((status, text))
}

fn read_chunks(answer: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        answer.read_line(&mut line)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "its answer is cut off"))?;
        if length == 0 {
            return Ok(());
        }
        answer.take(length).read_to_end(body)?;
        line.clear();
        answer.read_line(&mut line)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_perhaps_with_port_and_path() {
        let parts = |address| Server::at(address).map(|server| (server.host, server.prefix));
        assert_eq!(parts("http://a").unwrap(), ("a:80".into(), String::new()));
        assert_eq!(parts("http://[::1]:5000/").unwrap(), ("[::1]:5000".into(), String::new()));
        assert_eq!(parts("http://a:1/b/c/").unwrap(), ("a:1".into(), "/b/c".into()));
        for bad in
            ["", "a:5000", "https://a", "http://", "http:///x", "http://a\r\nX: y", "http://a b"]
        {
            assert!(matches!(Server::at(bad), Err(ExchangeError::Address { .. })), "{bad:?}");
        }
    }

    #[test]
    fn answers_are_read_by_length_in_chunks_or_to_the_end() {
        let read = |text: &str| read_answer(text.as_bytes());
        let plain = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest").unwrap();
        assert_eq!(plain, (200, "{}".into()));
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(read(chunked).unwrap(), (200, "{}".into()));
        assert_eq!(read("HTTP/1.0 404 No\r\n\r\nnone").unwrap(), (404, "none".into()));
        for bad in ["", "SSH-2.0\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}

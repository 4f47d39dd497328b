//! A headless Chromium, driven over the DevTools protocol: a WebSocket that carries JSON.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// One browser with one page.
pub(crate) struct Chromium {
    process: Child,
    _profile: TempDir,
    socket: BufReader<TcpStream>,
    last: Cell<u64>,
    /// What the page asked of the network, wherever it led.
    pub(crate) requests: Vec<String>,
    /// What stood on the console, and what was thrown.
    pub(crate) complaints: Vec<String>,
}

impl Chromium {
    /// `None`, said aloud, where there is none.
    pub(crate) fn start() -> Option<Chromium> {
        let profile = tempfile::tempdir().unwrap();
        let started = Command::new("chromium")
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut process) = started else {
            // Past the capture of the test's own output: nobody must take this for a passed test.
            let said = b"SKIPPED: no `chromium` here, so no page was looked at in a browser\n";
            std::io::stderr().write_all(said).unwrap();
            return None;
        };
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let port = said.find_map(|line| {
            let line = line.ok()?;
            let rest = line.split("DevTools listening on ws://127.0.0.1:").nth(1)?;
            rest.split('/').next()?.parse::<u16>().ok()
        });
        let port = port.expect("Chromium says where it listens");
        std::thread::spawn(move || said.for_each(drop));
        let socket = connect(port, &page_of(port));
        let mut chromium = Chromium {
            process,
            _profile: profile,
            socket,
            last: Cell::new(0),
            requests: Vec::new(),
            complaints: Vec::new(),
        };
        for domain in ["Page", "Network", "Runtime", "Log"] {
            chromium.call(&format!("{domain}.enable"), json!({}));
        }
        Some(chromium)
    }

    /// Opens `address` and waits until it is whole.
    pub(crate) fn open(&mut self, address: &str) {
        self.call("Page.navigate", json!({"url": address}));
        let whole = format!("document.readyState == 'complete' && location.href == {address:?}");
        self.wait_until(&whole);
    }

    /// What `script` comes to in the page.
    pub(crate) fn ask(&mut self, script: &str) -> Json {
        self.try_ask(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The same, or why there is no answer: the page may give way to another while it is asked.
    fn try_ask(&mut self, script: &str) -> Result<Json, Json> {
        let asked = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        Ok(self.try_call("Runtime.evaluate", asked)?["result"]["value"].clone())
    }

    /// Drags the mouse over the part of what `selector` finds first that lies between two shares of its
    /// width and height.
    pub(crate) fn drag(&mut self, selector: &str, from: (f64, f64), to: (f64, f64)) {
        let found = format!(
            "(() => {{
                const found = document.querySelector({selector:?});
                found.scrollIntoView({{ block: 'center' }});
                const {{ x, y, width, height }} = found.getBoundingClientRect();
                return [x, y, width, height];
            }})()"
        );
        let found = self.ask(&found);
        let side = |at: usize| found[at].as_f64().expect("it is there");
        let point = |(x, y): (f64, f64)| (side(0) + x * side(2), side(1) + y * side(3));
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        for (kind, at) in [
            ("mouseMoved", from),
            ("mousePressed", from),
            ("mouseMoved", middle),
            ("mouseMoved", to),
            ("mouseReleased", to),
        ] {
            let (x, y) = point(at);
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Presses a key, named as the page hears it.
    pub(crate) fn press(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({"type": kind, "key": key}));
        }
    }

    /// Waits until `condition` holds in the page.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, condition: &str) {
        let began = Instant::now();
        while self.try_ask(condition) != Ok(Json::Bool(true)) {
            let shown = self.try_ask("location.href + '\\n' + document.body.innerText");
            let shown = shown.unwrap_or_else(|error| error);
            assert!(began.elapsed() < Duration::from_secs(60), "never {condition}:\n{shown}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn call(&mut self, method: &str, params: Json) -> Json {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, params: Json) -> Result<Json, Json> {
        self.last.set(self.last.get() + 1);
        let id = self.last.get();
        let text = json!({"id": id, "method": method, "params": params}).to_string();
        self.send(text.as_bytes());
        loop {
            let message: Json = serde_json::from_slice(&self.receive()).unwrap();
            if message["id"] == id {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].clone()),
                };
            }
            self.note(&message);
        }
    }

    fn note(&mut self, event: &Json) {
        let params = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                self.requests.extend(params["request"]["url"].as_str().map(str::to_owned));
            }
            "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded" => {
                self.complaints.push(params.to_string());
            }
            _ => {}
        }
    }

    /// One masked text frame; the mask is zero, which is a mask.
    fn send(&mut self, payload: &[u8]) {
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(payload);
        self.socket.get_mut().write_all(&frame).unwrap();
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut message = Vec::new();
        loop {
            let mut head = [0; 2];
            self.socket.read_exact(&mut head).unwrap();
            let length = match head[1] & 0x7f {
                126 => u64::from(u16::from_be_bytes(self.bytes())),
                127 => u64::from_be_bytes(self.bytes()),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.socket.read_exact(&mut payload).unwrap();
            message.extend(payload);
            if head[0] & 0x80 != 0 {
                return message;
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.socket.read_exact(&mut bytes).unwrap();
        bytes
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Both fail where it has ended, which is as well.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// The path of the first page's socket.
fn page_of(port: u16) -> String {
    let began = Instant::now();
    loop {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let request =
            format!("GET /json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut text = Vec::new();
        // It may keep the connection open: what came until then is all.
        let _open = stream.read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text).into_owned();
        let found = text.split("\"webSocketDebuggerUrl\": \"").nth(1);
        let found = found.filter(|_| text.contains("\"type\": \"page\""));
        if let Some(path) = found.and_then(|rest| rest.split('"').next()) {
            return path.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "Chromium has no page: {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn connect(port: u16, path: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut socket = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        socket.read_line(&mut line).unwrap();
    }
    socket
}

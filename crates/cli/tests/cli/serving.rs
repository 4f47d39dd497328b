//! The dashboard from outside: what it answers to whom, by requests as a stranger would write them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::bench::{Bench, SMALL, Started};

/// A server of a bench's store at a port of its own.
pub(crate) struct Served {
    _process: Started,
    pub(crate) port: u16,
    /// What it printed.
    pub(crate) address: String,
}

/// What came back.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same, if it is a page that holds each of `parts`.
    #[track_caller]
    fn shows(self, parts: &[&str]) -> Answered {
        let text = self.text();
        assert_eq!(self.status, 200, "{text}");
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        self
    }
}

impl Served {
    pub(crate) fn of(bench: &Bench, more: &[&str]) -> Served {
        let mut process = bench.start(&[&["serve", "--port", "0"], more].concat());
        let mut address = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim_end().to_owned();
        let port = address.split(':').nth(2).unwrap().split('/').next().unwrap().parse().unwrap();
        Served { _process: process, port, address }
    }

    /// What comes back for the bytes of a request.
    pub(crate) fn send(&self, request: &str) -> Answered {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // A server that refuses may close before all is read.
        let _cut = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Answered { status, head, body: bytes.get(end + 4..).unwrap_or_default().to_vec() }
    }

    /// What comes back for a request with these lines besides `Connection: close`.
    fn ask(&self, method: &str, path: &str, lines: &[&str]) -> Answered {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        self.send(&format!("{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"))
    }

    pub(crate) fn get(&self, path: &str) -> Answered {
        self.ask("GET", path, &[&self.host()])
    }

    fn host(&self) -> String {
        format!("Host: 127.0.0.1:{}", self.port)
    }
}

/// Every path, files and what is not there included.
const PATHS: [&str; 14] = [
    "/",
    "/experiments",
    "/experiment?name=small",
    "/experiment/plot?name=small&plot=errors",
    "/curves?name=small",
    "/robustness?name=small",
    "/parallel?name=small",
    "/runs",
    "/run?id=0",
    "/picture?run=0&kind=initial-1",
    "/events",
    "/style.css",
    "/script.js",
    "/nothing",
];

#[test]
fn only_our_own_host_is_answered_on_any_path() {
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    let port = served.port;
    for path in PATHS {
        for host in ["evil.example", "127.0.0.1.evil.example", "192.168.0.1", "[::2]"] {
            let refused = served.ask("GET", path, &[&format!("Host: {host}:{port}")]);
            assert_eq!(refused.status, 421, "{host}{path}");
            assert!(!refused.text().contains("small"), "{}", refused.text());
        }
        for lines in [
            &["Host: 127.0.0.1"][..],
            &["Host: 127.0.0.1:1"],
            &[],
            &[&served.host(), "Host: evil.example"],
        ] {
            let status = served.ask("GET", path, lines).status;
            assert!([400, 421].contains(&status), "{path} {lines:?}: {status}");
        }
        let absolute = format!("http://evil.example:{port}{path}");
        assert_eq!(served.ask("GET", &absolute, &[&served.host()]).status, 421, "{absolute}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(served.ask("GET", "/style.css", &[&format!("Host: {host}:{port}")]).status, 200);
    }
}

#[test]
fn only_reading_is_possible_and_not_for_other_sites() {
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    let host = served.host();
    for path in PATHS {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"] {
            let answered = served.ask(method, path, &[&host]);
            assert!([400, 405].contains(&answered.status), "{method} {path}: {}", answered.status);
        }
        for lines in [
            &["Origin: http://evil.example"][..],
            &["Origin: null"],
            &["Origin: https://127.0.0.1"],
            &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
            &["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"],
        ] {
            let answered = served.ask("GET", path, &[&[host.as_str()], lines].concat());
            assert_eq!(answered.status, 403, "{path} {lines:?}");
            assert!(!answered.head.contains("access-control"), "{}", answered.head);
        }
    }
    let linked = [&host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
    assert_eq!(served.ask("GET", "/runs", &linked).status, 200, "a link from elsewhere works");
    let head = served.ask("HEAD", "/runs", &[&host]);
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn every_answer_forbids_what_no_page_needs() {
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    for path in PATHS.into_iter().filter(|path| *path != "/events") {
        let head = served.get(path).head;
        let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: "));
        let policy = policy.unwrap_or_else(|| panic!("{path}: {head}"));
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        assert!(
            !policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        for line in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(head.contains(line), "{path} lacks {line}: {head}");
        }
        assert!(!head.contains("access-control"), "{path}: {head}");
    }
}

#[test]
fn no_request_leads_to_a_file() {
    let bench = Bench::swept();
    bench.write("secret.toml", "[experiment]\nquestion = \"SECRET\"\n");
    let served = Served::of(&bench, &[]);
    let up = "..%2f..%2f..%2f..%2fetc%2fpasswd";
    for path in [
        "/../../../../etc/passwd".to_owned(),
        "/style.css/../../secret.toml".to_owned(),
        "/%2e%2e/%2e%2e/etc/passwd".to_owned(),
        "/..%252f..%252fetc%252fpasswd".to_owned(),
        "/..\\..\\secret.toml".to_owned(),
        "//etc/passwd".to_owned(),
        "/file:///etc/passwd".to_owned(),
        "/store.db".to_owned(),
        format!("/experiment?name={up}"),
        "/experiment?name=secret.toml".to_owned(),
        "/experiment?name=small.toml".to_owned(),
        "/experiment?name=/etc/passwd".to_owned(),
        format!("/run?id={up}"),
        format!("/picture?run={up}&kind={up}"),
        format!("/cell?name=small&table={up}&row=1&column=1"),
    ] {
        let answered = served.get(&path);
        assert!([400, 404].contains(&answered.status), "{path}: {}", answered.status);
        let text = answered.text();
        assert!(!text.contains("root:") && !text.contains("SECRET"), "{path}: {text}");
    }
}

#[test]
fn what_is_too_long_or_not_understood_is_refused_and_the_server_goes_on() {
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    let host = served.host();
    let long = "x".repeat(9_000);
    assert_eq!(served.get(&format!("/runs?filter={long}")).status, 414);
    let headers = format!("X: {}", "y".repeat(40_000));
    let answered = served.ask("GET", "/runs", &[&host, &headers]);
    assert!([0, 400, 431].contains(&answered.status), "{}", answered.status);
    for request in ["\r\n\r\n", "GET\r\n\r\n", "\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        assert!([0, 400, 505].contains(&served.send(request).status), "{request:?}");
    }
    let deep = "(".repeat(4_000);
    served.get(&format!("/runs?filter={deep}")).shows(&["role=\"alert\""]);
    for query in ["limit=0", "limit=99999999999999999999", "from=0", "from=18446744073709551615"] {
        assert_eq!(served.get(&format!("/runs?{query}")).status, 200, "{query}");
    }
    assert_eq!(served.get("/runs?filter=%ff%00").status, 200);
    served.get("/runs").shows(&["18 runs"]);
}

#[test]
fn nobody_else_reaches_the_server_without_a_token() {
    let bench = Bench::swept();
    let served = Served::of(&bench, &["--token"]);
    let (host, token) = (served.host(), served.address.split("token=").nth(1).unwrap().to_owned());
    for path in PATHS {
        assert_eq!(served.get(path).status, 401, "{path}");
        let wrong = format!("Cookie: ablate-{}={}", served.port, "0".repeat(32));
        assert_eq!(served.ask("GET", path, &[&host, &wrong]).status, 401, "{path}");
    }
    let answered = served.get(&format!("/?token={token}"));
    assert_eq!(answered.status, 303);
    assert!(answered.head.contains("httponly; samesite=strict"), "{}", answered.head);
    assert!(answered.head.contains("location: /\r\n"), "{}", answered.head);
    let cookie = format!("Cookie: other=1; ablate-{}={token}", served.port);
    assert_eq!(served.ask("GET", "/runs", &[&host, &cookie]).status, 200);

    let open = Served::of(&bench, &["--host", "0.0.0.0"]);
    assert!(open.address.contains("?token="), "{}", open.address);
    assert_eq!(open.get("/runs").status, 401);
}

#[test]
fn without_a_store_there_is_no_server() {
    Bench::with(&[]).ablate(&["serve", "--port", "0"]).expect(1).says(&["there is no store"]);
}

#[test]
fn every_view_shows_the_store() {
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    assert!(served.get("/").head.contains("location: /experiment?name=small"));
    served.get("/experiments").shows(&["Does pretraining help a small network?", "18 of 18"]);
    let page = served.get("/experiment?name=small");
    let page = page.shows(&["<strong>18</strong> of 18 runs", "errors: test_error (%)"]).text();
    let cell = page.split("href=\"").find(|link| link.starts_with("/cell")).unwrap();
    let cell = cell.split('"').next().unwrap().replace("&amp;", "&");
    served.get(&cell).shows(&["every run that fell into this cell", "/run?id="]);
    let csv = served.get("/experiment/copy?name=small&table=errors&format=csv").text();
    let printed = bench.ablate(&["table", "small", "errors", "--format", "csv"]).expect(0).stdout;
    assert_eq!(csv, printed);

    let filter = "variant%20%3D%3D%20%27denoising%27%20and%20depth%20%3D%3D%202";
    served.get(&format!("/runs?filter={filter}&sort=-test_error")).shows(&["3 runs", "descending"]);
    let asked = ["query", "variant == 'denoising' and depth == 2", "--sort", "-test_error"];
    let printed = bench.ablate(&[&asked[..], &["--format", "md"]].concat()).expect(0).stdout;
    let path = format!("/runs/copy?filter={filter}&sort=-test_error&format=markdown");
    assert_eq!(served.get(&path).text(), printed);
    let paged = served.get("/runs?limit=5&from=6&columns=id,seed");
    paged.shows(
        &["6\u{2013}10 of 18 runs", "from=11", "from=1&amp;"]
            .map(|part| part.strip_suffix("&amp;").unwrap_or(part)),
    );
    served.get("/runs?group=variant&metric=test_error&sort=-mean").shows(&["iqm", "denoising"]);
    served.get("/runs?filter=dept%20%3D%3D%201").shows(&["^^^^", "role=\"alert\""]);
    served.get("/runs?filter=depth%20%3D%3D").shows(&["role=\"alert\""]);
    served.get("/runs?sort=nonsense").shows(&["role=\"alert\"", "nonsense"]);
    served.get("/runs?group=nonsense").shows(&["role=\"alert\"", "nonsense"]);

    let id = bench.ask("variant == 'denoising' and depth == 2", "id");
    let page = served.get(&format!("/run?id={id}"));
    page.shows(&["test_error", "train_size", "fine_tuning", &format!("ablate verify {id}")]);
    served.get("/compare?name=small&axis=pretraining&by=depth").shows(&["depth 1: greedy"]);
    for path in ["/experiment?name=small", "/compare?name=small&axis=pretraining"] {
        served.get(path).shows(&["<svg role=\"img\"", "<title>"]);
    }
    served.get("/curves?name=small&series=train_loss&by=variant").shows(&["train_loss over epoch"]);
    served.get("/curves?name=small&filter=depth%20%3D%3D").shows(&["role=\"alert\""]);
    served.get("/curves?name=small&series=none").shows(&["the runs have", "valid_error"]);
    assert_eq!(served.get("/curves?name=small&from=x").status, 400);
    served.get("/robustness?name=small").shows(&["salt and pepper", "robust_mce"]);
    served.get("/parallel?name=small").shows(&["Importance of the axes", "data-trial="]);
    let drawn = bench.ablate(&["plot", "small", "errors"]).expect(0).stdout;
    let plot = served.get("/experiment/plot?name=small&plot=errors");
    assert!(plot.head.contains("content-type: image/svg+xml"), "{}", plot.head);
    assert_eq!(plot.text(), drawn);
    assert_eq!(served.get("/experiment/plot?name=small&plot=none").status, 404);
    assert_eq!(served.get("/experiment?name=other").status, 404);
    assert_eq!(served.get("/run?id=zzz").status, 404);
    assert_eq!(served.get("/run").status, 400);
}

#[test]
fn a_run_with_weights_has_pictures_and_one_without_has_none() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let only = ["--set", "depth=2", "--set", "variant=denoising", "--jobs", "1"];
    bench.ablate(&[&["sweep", "small.toml"], &only[..]].concat()).expect(0);
    let served = Served::of(&bench, &[]);
    let id = bench.ask("pretraining == 'greedy'", "id");
    let page = served.get(&format!("/run?id={id}")).text();
    for kind in ["initial-1", "tuned-2", "reconstructions"] {
        let path = format!("/picture?run={id}&kind={kind}");
        assert!(page.contains(&path.replace('&', "&amp;")), "{page}");
        let picture = served.get(&path);
        assert!(picture.body.starts_with(b"\x89PNG"), "{}", picture.text());
    }
    assert_eq!(served.get(&format!("/picture?run={id}&kind=samples")).status, 404);
    let log = bench.path(&format!("store.artifacts/logs/{id}.log"));
    fs::write(log, "<script>1</script>\n").unwrap();
    served.get(&format!("/run?id={id}")).shows(&["1 line of", "&lt;script&gt;1&lt;/script&gt;"]);
    fs::remove_dir_all(bench.path("store.artifacts")).unwrap();
    let page = served.get(&format!("/run?id={id}")).text();
    assert!(!page.contains("<img") && !page.contains("Log"), "{page}");
}

#[test]
fn the_page_of_a_run_shows_the_end_of_its_log() {
    let bench = Bench::with_a_failed_run();
    let served = Served::of(&bench, &[]);
    let page = |filter: &str| served.get(&format!("/run?id={}", bench.ask(filter, "id")));
    page("state == 'finished'").shows(&[
        "<details><summary>",
        "begun by process",
        "fine-tuning: epoch 2 of 2, loss",
        "trained in",
    ]);
    page("state == 'failed'").shows(&["<details open><summary>", "diverged: "]);
    // A second attempt goes on below the first, and a long log is shown from a whole line on.
    bench.ablate(&["sweep", "diverging.toml"]).expect(3);
    let text = page("state == 'failed'").text();
    assert_eq!(text.matches("begun by process").count(), 2, "{text}");
    let log = format!("store.artifacts/logs/{}.log", bench.ask("state == 'failed'", "id"));
    bench.write(&log, "0123456789\n".repeat(10_000));
    page("state == 'failed'").shows(&["The last 744 lines of", "tabindex=\"0\">0123456789\n"]);
    fs::remove_dir_all(bench.path("store.artifacts")).unwrap();
    page("state == 'failed'").shows(&["None of it is kept here."]);
}

#[test]
fn a_report_is_one_file_that_loads_nothing() {
    let bench = Bench::swept();
    bench.ablate(&["report", "small", "-o", "report.html"]).expect(0).prints(&["report.html"]);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    for part in ["errors: test_error (%)", "<style>", "<svg role=\"img\"", "a mark a seed"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for loading in ["<script", "<link", "src=", "href=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(loading), "{loading}");
    }
    bench.ablate(&["report", "small", "-o", "report.html"]).expect(2).says(&["--force"]);
    bench.ablate(&["report", "small", "-o", "report.html", "--force"]).expect(0);
    bench.ablate(&["report", "other"]).expect(2).says(&["no experiment \"other\""]);
}

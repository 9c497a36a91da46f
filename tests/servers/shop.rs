//! The shop: three services, its customers, and all that can be made to go wrong.

use crate::certificates::client;
use crate::program::Program;
use http::Request;
use loopscope::event_loop::EventLoop;
use loopscope::http::Client;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// A shop that is open.
struct Shop {
    folder: TempDir,
    store: Program,
    worker: Program,
    gateway: Program,
    url: String,
}

fn start(program: &str, arguments: &[&str]) -> (Program, String) {
    let mut started = Program::start("shop", &[&[program], arguments].concat(), &[]);
    let address = started.says(&format!("{program} listening on "));
    (started, address)
}

impl Shop {
    fn open() -> Self {
        let folder = TempDir::new().expect("a folder");
        let socket = format!("unix:{}", folder.path().join("store.sock").display());
        Self::with_store_at(folder, &socket)
    }

    fn with_store_at(folder: TempDir, store: &str) -> Self {
        let (store, stock) = start("store", &["--listen", store]);
        let of_worker = ["--listen", "127.0.0.1:0", "--store", &stock];
        let (worker, orders) = start("worker", &of_worker);
        let certificates = folder.path().join("certificates").display().to_string();
        let of_gateway = [
            &["--listen", "127.0.0.1:0", "--certificates", &certificates][..],
            &["--worker", &orders, "--store", &stock],
        ];
        let (gateway, address) = start("gateway", &of_gateway.concat());
        let (_, port) = address.rsplit_once(':').expect("an address has a port");
        Self {
            url: format!("https://localhost:{port}"),
            folder,
            store,
            worker,
            gateway,
        }
    }

    /// How often what the customers asked for had which outcome.
    fn visited(&self, options: &[&str]) -> Vec<(String, u64)> {
        let certificates = self.certificates().display().to_string();
        let place = [
            "load",
            "--gateway",
            &self.url,
            "--certificates",
            &certificates,
        ];
        let customers = Program::start("shop", &[&place, options].concat(), &[]);
        let (said, status) = customers.end();
        assert!(status.success(), "{said}");
        let rows = said.lines().skip(2).map(|line| {
            let columns: Vec<_> = line.split("  ").filter(|part| !part.is_empty()).collect();
            let outcome = format!("{} {}", columns[0].trim(), columns[1].trim());
            (outcome, columns[2].trim().parse().expect("a count"))
        });
        rows.collect()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        answered(self.request(method, path, body), &self.certificates())
    }

    /// Orders, on a thread of its own.
    fn order(&self, order: &str) -> JoinHandle<(u16, String)> {
        let (request, certificates) = (self.request("POST", "/orders", order), self.certificates());
        thread::spawn(move || answered(request, &certificates))
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Request<String> {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .body(body.to_owned())
            .expect("it is a request")
    }

    fn certificates(&self) -> PathBuf {
        self.folder.path().join("certificates")
    }

    /// Has all of them end; nobody is cut off.
    fn close(self) {
        for service in [self.gateway, self.worker, self.store] {
            service.signal("TERM");
            let (_, status) = service.end();
            assert!(status.success(), "{status}");
        }
        assert!(!self.folder.path().join("store.sock").exists());
    }
}

/// The status and the text that a request is answered with.
fn answered(request: Request<String>, certificates: &Path) -> (u16, String) {
    let tls = client(certificates).expect("they are made");
    EventLoop::new().expect("a loop").run_until_complete(async {
        let client = Client::builder().tls(tls).build();
        let response = client.request(request).await.expect("it answers");
        let status = response.status().as_u16();
        let text = response.into_body().text().await.expect("it is whole");
        (status, text)
    })
}

const BRIEFLY: [&str; 4] = ["--seconds", "1", "--pause", "20"];

fn outcomes(visited: &[(String, u64)]) -> Vec<&str> {
    visited
        .iter()
        .map(|(outcome, _)| outcome.as_str())
        .collect()
}

#[test]
fn customers_look_and_order() {
    for place in ["unix", "tcp"] {
        let shop = match place {
            "unix" => Shop::open(),
            _ => Shop::with_store_at(TempDir::new().expect("a folder"), "127.0.0.1:0"),
        };
        let visited = shop.visited(&BRIEFLY);
        assert_eq!(outcomes(&visited), ["look 200", "order 201"], "{place}");
        assert_eq!(visited[0].1, visited[1].1);
        assert!(visited[0].1 > 4, "{visited:?}");
        shop.close();
    }
}

#[test]
fn each_fault_shows_in_what_customers_get_and_ends_with_them() {
    let shop = Shop::open();
    for (fault, expected) in [
        ("slow-store", &["look 200", "order 201"][..]),
        ("blocked-store", &["look 200", "order 201"]),
        ("full-queue", &["look 200", "order 201", "order 503"]),
        (
            "bad-certificate",
            &[
                "look 200",
                "order 201",
                "visit by address tls_certificate_expired",
            ],
        ),
    ] {
        let options = [&BRIEFLY[..], &["--fault", fault]].concat();
        assert_eq!(outcomes(&shop.visited(&options)), expected, "{fault}");
    }
    let options = [&BRIEFLY[..], &["--fault", "refused-connections"]].concat();
    let visited = shop.visited(&options);
    for refused in ["look 502", "order 502"] {
        assert!(outcomes(&visited).contains(&refused), "{visited:?}");
    }
    // The store has opened again after a second at most.
    let again = || shop.ask("GET", "/items/tea", "").0;
    let mut tries = 0;
    while again() != 200 {
        tries += 1;
        assert!(tries < 1000, "it is closed for good");
    }
    let visited = shop.visited(&BRIEFLY);
    assert_eq!(outcomes(&visited), ["look 200", "order 201"]);
    shop.close();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let shop = Shop::open();
    for (method, path, body, status, text) in [
        ("GET", "/health", "", 200, "ok"),
        ("GET", "/items/tea", "", 200, r#""item":"tea""#),
        ("GET", "/items/gold", "", 404, "there is no such item"),
        ("GET", "/items/%20", "", 404, "there is no such item"),
        ("GET", "/orders", "", 404, "there is no such page"),
        ("GET", "/", "", 404, "there is no such page"),
        ("POST", "/orders", "tea, please", 400, "expected"),
        (
            "POST",
            "/orders",
            r#"{"item":"tea","quantity":0}"#,
            400,
            "expected",
        ),
        (
            "POST",
            "/orders",
            r#"{"item":"gold","quantity":1}"#,
            404,
            "there is no such item",
        ),
        (
            "POST",
            "/orders",
            r#"{"item":"../stock/tea","quantity":1}"#,
            404,
            "",
        ),
        (
            "POST",
            "/orders",
            r#"{"item":"tea","quantity":3}"#,
            201,
            "packed",
        ),
    ] {
        let answered = shop.ask(method, path, body);
        assert_eq!(answered.0, status, "{method} {path} {body}: {answered:?}");
        assert!(
            answered.1.contains(text),
            "{method} {path} {body}: {answered:?}"
        );
    }
    shop.close();
}

#[test]
fn a_service_that_is_gone_is_told_of() {
    let shop = Shop::open();
    shop.store.signal("KILL");
    let (status, text) = loop {
        // It may still be dying.
        let answered = shop.ask("GET", "/items/tea", "");
        if answered.0 != 200 {
            break answered;
        }
    };
    assert_eq!(status, 502, "{text}");
    assert!(text.contains("no connection to"), "{text}");
    let certificates = shop.certificates().display().to_string();
    for (service, expected) in [(shop.url.as_str(), true), ("127.0.0.1:1", false)] {
        let asks = ["health", service, "--certificates", &certificates];
        let (_, status) = Program::start("shop", &asks, &[]).end();
        assert_eq!(status.success(), expected, "{service}");
    }
}

#[test]
fn orders_that_were_accepted_are_packed_before_the_end() {
    let mut shop = Shop::open();
    let order = shop.order(r#"{"item":"tea","quantity":200}"#);
    // Packing it takes a second.
    let is_packing =
        |line: String| line.contains("pack order#") && line.contains("waits for sleep");
    loop {
        shop.worker.signal("USR1");
        // It may say other things as well.
        let mut lines = std::iter::from_fn(|| Some(shop.worker.complains()))
            .skip_while(|line| !line.starts_with("event loop "));
        let snapshot = lines.next().expect("they do not end");
        let mut numbers = snapshot
            .split([' ', ','])
            .filter_map(|word| word.parse().ok());
        let tasks: usize = numbers.next().unwrap_or_else(|| panic!("{snapshot}"));
        if lines.take(tasks).any(is_packing) {
            break;
        }
    }
    for service in [&shop.gateway, &shop.worker] {
        service.signal("TERM");
    }
    let (status, text) = order.join().expect("it is answered");
    assert_eq!(status, 201, "{text}");
}

#[test]
fn what_cannot_be_started_says_why() {
    for (arguments, complaint) in [
        (
            vec!["store", "--listen", "tea"],
            "expected HOST:PORT or unix:PATH",
        ),
        (
            vec!["store", "--listen", "unix:/nowhere/store.sock"],
            "No such file or directory",
        ),
        (
            vec![
                "load",
                "--gateway",
                "https://localhost:1",
                "--certificates",
                "/nowhere",
            ],
            "/nowhere/authority.pem",
        ),
        (vec!["worker", "--listen", "127.0.0.1:0"], "--store"),
    ] {
        let mut program = Program::start("shop", &arguments, &[]);
        let mut said = String::new();
        loop {
            let line = program.complains();
            if line.is_empty() && said.contains(complaint) {
                break;
            }
            said.push_str(&line);
            assert!(said.len() < 10_000, "{said}");
        }
        let (_, status) = program.end();
        assert!(!status.success(), "{arguments:?}");
    }
}

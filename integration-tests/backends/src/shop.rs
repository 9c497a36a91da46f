//! The example `shop` with its customers, as processes beside the servers.

use crate::BackendError;
use crate::process::{Process, all_run, free_ports, loopback, stop_all};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the store is, to those who run in the shop's folder.
const STORE: &str = "unix:store.sock";
const CERTIFICATES: &str = "certificates";

/// Gateway, worker, store and customers that run together; killed where it is dropped before it is
/// stopped.
#[derive(Debug)]
pub struct Shop {
    /// In the order in which they are stopped: who asks before who answers.
    processes: Vec<Process>,
    gateway: u16,
    folder: PathBuf,
}

impl Shop {
    /// Starts all of it and waits until customers are let in.
    ///
    /// `program` is the absolute path of the example, built; `folder` is where certificates, the store's socket and logs
    /// are; `gateway` is the port, for 0 a free one. The customers have these faults.
    ///
    /// # Errors
    ///
    /// [`BackendError`] says which service does not start, and what it said.
    pub fn start(
        program: &Path,
        folder: &Path,
        gateway: u16,
        environment: &[(&str, String)],
        faults: &[&str],
    ) -> Result<Self, BackendError> {
        let folder = fs::create_dir_all(folder)
            .and_then(|()| folder.canonicalize())
            .map_err(|error| BackendError::Io(folder.into(), error))?;
        // What a shop has left behind that was killed; nobody listens there.
        let _ = fs::remove_file(folder.join("store.sock"));
        let ports = free_ports().map_err(|error| BackendError::Io("a free port".into(), error))?;
        let [worker, free] = ports;
        let gateway = if gateway == 0 { free } else { gateway };
        let mut shop = Self {
            processes: Vec::new(),
            gateway,
            folder,
        };
        let (worker, entrance) = (loopback(worker).to_string(), loopback(gateway));
        let (url, secure) = (shop.url(), format!("--certificates {CERTIFICATES}"));
        let mut run = |name, line: &str, health: &str| -> Result<(), BackendError> {
            let arguments = line.split(' ');
            let mut process = Process::start(name, program, arguments, environment, &shop.folder)?;
            process.wait_until(|| is_well(program, health, &shop.folder))?;
            shop.processes.insert(0, process);
            Ok(())
        };
        run("store", &format!("store --listen {STORE}"), STORE)?;
        let line = format!("worker --listen {worker} --store {STORE}");
        run("worker", &line, &worker)?;
        let line =
            format!("gateway --listen {entrance} --worker {worker} --store {STORE} {secure}");
        let to_gateway = format!("{url} {secure}");
        run("gateway", &line, &to_gateway)?;
        let faults = faults.iter().map(|fault| format!(" --fault {fault}"));
        let line = format!(
            "load --gateway {url} {secure}{}",
            faults.collect::<String>()
        );
        // Nobody can ask customers how they are.
        run("customers", &line, &to_gateway)?;
        Ok(shop)
    }

    /// Where customers go.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.gateway)
    }

    /// The folder with the certificates.
    pub fn certificates(&self) -> PathBuf {
        self.folder.join(CERTIFICATES)
    }

    /// The numbers by which the system knows the services and the customers, these first.
    pub fn process_ids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }

    /// What is wrong if one of them has ended by itself.
    ///
    /// # Errors
    ///
    /// [`BackendError::Run`] says which one it was, and what it said.
    pub fn check(&mut self) -> Result<(), BackendError> {
        all_run(&mut self.processes)
    }

    /// Has all of them end, customers first.
    ///
    /// # Errors
    ///
    /// The first [`BackendError`]; nothing runs on, whatever went wrong.
    pub fn stop(self) -> Result<(), BackendError> {
        stop_all(self.processes)
    }
}

/// Whether a service answers.
fn is_well(program: &Path, address: &str, folder: &Path) -> bool {
    let mut asks = Command::new(program);
    asks.arg("health")
        .args(address.split(' '))
        .current_dir(folder);
    asks.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    asks.status().is_ok_and(|status| status.success())
}

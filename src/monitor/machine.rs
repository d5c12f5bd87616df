//! Processor time and memory of a server on this machine, and how much there is of both.

use super::{
    metric::Readings,
    metrics::{MACHINE_CPUS, MACHINE_MEMORY, SERVER_CPU, SERVER_MEMORY},
    options::ObserveOptions,
};
use crate::observe::{LocalServer, backend_pid, host};
use tokio_postgres::Client;

/// The machine. What is far away is not known: Cloud SQL tells its processors and memory to Cloud Monitoring alone.
#[derive(Debug)]
pub(super) struct ServerMachine {
    /// Processors, and memory in bytes.
    size: Option<(f64, u64)>,
    server: Option<LocalServer>,
    is_here: bool,
}

impl ServerMachine {
    pub(super) fn new(options: &ObserveOptions, is_here: bool) -> Self {
        let own = || {
            let host = host();
            let memory = host.memory_limit_bytes.unwrap_or(host.memory_bytes);
            (host.cpu_limit.unwrap_or(host.cpus as f64), memory)
        };
        let size = options.machine_size().or_else(|| is_here.then(own));
        Self { size, server: None, is_here }
    }

    /// Finds the processes of the server that a session was just opened to. A proxy's address may be this machine's, too:
    /// then there are none.
    pub(super) async fn find(&mut self, client: &Client) {
        let backend = if self.is_here { backend_pid(client).await } else { None };
        self.server = backend.and_then(|backend| LocalServer::of_backend(backend).ok());
    }

    pub(super) fn readings(&mut self) -> Readings {
        let mut readings = Readings::default();
        if let Some(server) = &mut self.server {
            readings.put_known(&SERVER_CPU, server.cpu_seconds());
            readings.put_known(&SERVER_MEMORY, server.memory_bytes().map(|bytes| bytes as f64));
        }
        if let Some((cpus, memory_bytes)) = self.size {
            readings.put(&MACHINE_CPUS, cpus);
            readings.put(&MACHINE_MEMORY, memory_bytes as f64);
        }
        readings
    }
}

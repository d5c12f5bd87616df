//! A TCP proxy in front of a server that breaks connections on demand.

use crate::common::wait_until;
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::net::TcpSocket;

/// How often a thread looks whether something has changed.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Forwards to one server until it is told otherwise. Dropping it resets what is open.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server_port: u16,
    /// `None` while nobody listens.
    listener: Mutex<Option<TcpListener>>,
    connections: Mutex<Vec<Weak<Connection>>>,
    /// Nothing is forwarded, and nobody is told.
    is_hole: AtomicBool,
    ended: AtomicBool,
}

/// Both ends are closed when the last of the two threads that forward lets go of it.
struct Connection {
    client: TcpStream,
    server: TcpStream,
    cut: AtomicBool,
}

impl Proxy {
    /// In front of the server at `port` of this machine.
    pub(crate) fn before(server_port: u16) -> Self {
        let shared = Arc::new(Shared {
            server_port,
            listener: Mutex::new(None),
            connections: Mutex::default(),
            is_hole: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let mut proxy = Self { port: 0, shared };
        proxy.port = proxy.listen(0).unwrap();
        let shared = Arc::clone(&proxy.shared);
        std::thread::spawn(move || shared.accept());
        proxy
    }

    /// The port it listens at.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn listen(&self, port: u16) -> std::io::Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        *self.shared.listener.lock().unwrap() = Some(listener);
        Ok(port)
    }

    /// Resets every connection; new ones are taken.
    pub(crate) fn reset(&self) {
        let open = std::mem::take(&mut *self.shared.connections.lock().unwrap());
        open.iter().filter_map(Weak::upgrade).for_each(|connection| connection.reset());
    }

    /// Refuses new connections, and resets those that are open.
    pub(crate) fn refuse(&self) {
        *self.shared.listener.lock().unwrap() = None;
        self.reset();
    }

    /// Takes new connections again, at the same port.
    pub(crate) fn take_again(&self) {
        wait_until("the proxy's port", || self.listen(self.port).is_ok());
    }

    /// From now on swallows what is sent, and answers nothing.
    pub(crate) fn swallow(&self) {
        self.shared.is_hole.store(true, SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, SeqCst);
        self.refuse();
    }
}

impl Shared {
    fn accept(self: Arc<Self>) {
        while !self.ended.load(SeqCst) {
            let accepted = self.listener.lock().unwrap().as_ref().map(TcpListener::accept);
            match accepted {
                Some(Ok((client, _))) => self.forward(client),
                Some(Err(error)) if error.kind() != ErrorKind::WouldBlock => panic!("accept: {error}"),
                _ => std::thread::sleep(LOOK_EVERY),
            }
        }
    }

    fn forward(self: &Arc<Self>, client: TcpStream) {
        // Without a server the client's connection is closed, as the server would.
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server_port)) else { return };
        client.set_nonblocking(false).unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let connection = Arc::new(Connection { client, server, cut: AtomicBool::new(false) });
        self.connections.lock().unwrap().push(Arc::downgrade(&connection));
        for to_server in [true, false] {
            let (shared, connection) = (Arc::clone(self), Arc::clone(&connection));
            std::thread::spawn(move || {
                let (from, to) = (&connection.client, &connection.server);
                let (from, to) = if to_server { (from, to) } else { (to, from) };
                shared.copy(from, to, &connection.cut);
            });
        }
    }

    /// Forwards one direction to its end.
    fn copy(&self, mut from: &TcpStream, mut to: &TcpStream, cut: &AtomicBool) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = from.read(&mut buffer).unwrap_or_default();
            while self.is_hole.load(SeqCst) && !cut.load(SeqCst) {
                std::thread::sleep(LOOK_EVERY);
            }
            if cut.load(SeqCst) {
                return;
            }
            if read == 0 || to.write_all(&buffer[..read]).is_err() {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
        }
    }
}

impl Connection {
    fn reset(&self) {
        self.cut.store(true, SeqCst);
        for stream in [&self.client, &self.server] {
            // With no time to linger, closing is a reset; the option belongs to the socket, whoever holds it.
            TcpSocket::from_std_stream(stream.try_clone().unwrap()).set_zero_linger().unwrap();
            // Wakes the thread that reads, and sends nothing.
            let _ = stream.shutdown(Shutdown::Read);
        }
    }
}

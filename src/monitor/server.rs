//! Serves numbers over HTTP, on a thread of its own that never waits for whoever publishes them, nor they for it.

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CONTENT_TYPE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, net::SocketAddr, sync::Arc, thread::JoinHandle, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// From a connection's begin to its end: a scrape takes milliseconds, a client that hangs must not stay.
const LONGEST_CONNECTION: Duration = Duration::from_secs(10);
/// Rest after a connection that could not be accepted, as when files are short.
const REST: Duration = Duration::from_millis(100);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Numbers that can be told as OpenMetrics text.
pub trait Exposed: Default + Send + Sync + 'static {
    /// What a scrape gets.
    fn exposition(&self) -> String;
}

/// The metrics could not be served.
#[derive(Debug, thiserror::Error)]
#[error(
    "the metrics cannot be served on {address}: {source}: choose another address, or port 0 for any free port"
)]
pub struct MetricsError {
    /// Where.
    pub address: SocketAddr,
    /// The operating system's reason.
    pub source: std::io::Error,
}

/// `GET /metrics` of the numbers that were published last. Ends when dropped.
#[derive(Debug)]
pub struct MetricsServer<T> {
    address: SocketAddr,
    /// The thread ends when this is gone.
    numbers: Option<watch::Sender<Arc<T>>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Exposed> MetricsServer<T> {
    /// Listens on `address`, a port of 0 being any free one, and serves the default: that nothing has happened yet.
    ///
    /// # Errors
    /// When the address is in use or not this machine's, or a thread cannot be started.
    pub fn bind(address: SocketAddr) -> Result<Self, MetricsError> {
        Self::start(address).map_err(|source| MetricsError { address, source })
    }

    fn start(address: SocketAddr) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (numbers, shown) = watch::channel(Arc::<T>::default());
        let thread = std::thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || runtime.block_on(serve(listener, shown)))?;
        Ok(Self { address, numbers: Some(numbers), thread: Some(thread) })
    }

    /// Where it listens, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Replaces what the next scrape gets. Waits for no client.
    pub fn publish(&self, numbers: T) {
        if let Some(sender) = &self.numbers {
            sender.send_replace(Arc::new(numbers));
        }
    }
}

impl<T> Drop for MetricsServer<T> {
    fn drop(&mut self) {
        self.numbers = None;
        if let Some(thread) = self.thread.take() {
            // It takes no longer than the text of one scrape; afterwards the port is free.
            let _ = thread.join();
        }
    }
}

/// Until nobody can publish any more; the connections then open end with the runtime.
async fn serve<T: Exposed>(listener: TcpListener, mut numbers: watch::Receiver<Arc<T>>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(tokio::time::timeout(LONGEST_CONNECTION, talk(stream, numbers.clone())));
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
            changed = numbers.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

/// One request, one answer. What goes wrong is the client's affair.
async fn talk<T: Exposed>(stream: TcpStream, numbers: watch::Receiver<Arc<T>>) {
    let service = service_fn(|request: Request<Incoming>| {
        let numbers = Arc::clone(&numbers.borrow());
        async move { Ok::<_, Infallible>(answer(request.method(), request.uri().path(), &*numbers)) }
    });
    let _ = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service).await;
}

fn answer(method: &Method, path: &str, numbers: &impl Exposed) -> Response<Full<Bytes>> {
    let response = Response::builder().header(CONTENT_TYPE, PLAIN);
    let response = if path != "/metrics" {
        response.status(StatusCode::NOT_FOUND).body("There is only /metrics here.\n".into())
    } else if !matches!(*method, Method::GET | Method::HEAD) {
        let sentence = "The metrics can only be read: use GET.\n";
        response.status(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, "GET, HEAD").body(sentence.into())
    } else {
        Response::builder().header(CONTENT_TYPE, OPEN_METRICS).body(numbers.exposition().into())
    };
    response.expect("constant headers are valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::{Ipv4Addr, TcpStream},
    };

    /// A name instead of numbers.
    #[derive(Debug, Default)]
    struct Named(String);

    impl Exposed for Named {
        fn exposition(&self) -> String {
            format!("# {}\n# EOF\n", self.0)
        }
    }

    fn server() -> MetricsServer<Named> {
        MetricsServer::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
    }

    fn named(name: &str) -> Named {
        Named(name.to_owned())
    }

    fn connected(server: &MetricsServer<Named>) -> TcpStream {
        let stream = TcpStream::connect(server.address()).unwrap();
        // Longer than the server itself gives a client; a hanging test would say less.
        stream.set_read_timeout(Some(LONGEST_CONNECTION * 3)).unwrap();
        stream
    }

    fn rest_of(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        // A server that closes with input unread may be seen as a reset, after the answer.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn ask(server: &MetricsServer<Named>, line: &str) -> String {
        let mut stream = connected(server);
        stream.write_all(format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        rest_of(stream)
    }

    #[test]
    fn the_newest_numbers_are_served() {
        let server = server();
        let first = ask(&server, "GET /metrics");
        assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
        assert!(first.contains(&format!("\r\ncontent-type: {OPEN_METRICS}\r\n")), "{first}");
        assert!(first.ends_with("\n# EOF\n"), "{first}");
        for name in ["one", "two"] {
            server.publish(named(name));
            let answer = ask(&server, "GET /metrics?format=ignored");
            assert!(answer.ends_with(&named(name).exposition()), "{answer}");
        }
    }

    #[test]
    fn other_requests_get_a_sentence() {
        let server = server();
        for line in ["GET /", "POST /elsewhere", "GET /metrics/"] {
            let answer = ask(&server, line);
            assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{line}: {answer}");
            assert!(answer.ends_with("\r\n\r\nThere is only /metrics here.\n"), "{line}: {answer}");
        }
        let answer = ask(&server, "DELETE /metrics");
        assert!(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{answer}");
        assert!(answer.contains("\r\nallow: GET, HEAD\r\n"), "{answer}");
        let answer = ask(&server, "HEAD /metrics");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    }

    #[test]
    fn garbage_does_no_harm() {
        let server = server();
        for garbage in [b"garbage\r\n\r\n".as_slice(), b"\x16\x03\x01\x02\x00\x01\x00", &[0xff; 20_000], b""]
        {
            let mut stream = connected(&server);
            let _ = stream.write_all(garbage);
            stream.shutdown(std::net::Shutdown::Write).unwrap_or_default();
            let answer = rest_of(stream);
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
        assert!(ask(&server, "GET /metrics").starts_with("HTTP/1.1 200 "));
    }

    #[test]
    fn slow_clients_hold_nobody_up() {
        let server = server();
        let mut slow: Vec<TcpStream> = (0..2).map(|_| connected(&server)).collect();
        for stream in &mut slow {
            stream.write_all(b"GET /metrics HTT").unwrap();
        }
        server.publish(named("while-they-wait"));
        assert!(ask(&server, "GET /metrics").contains("while-they-wait"));
        for mut stream in slow {
            stream.write_all(b"P/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            assert!(rest_of(stream).contains("while-they-wait"));
        }
    }

    #[test]
    fn the_port_is_free_when_it_ended() {
        let server = server();
        let address = server.address();
        let waiting = connected(&server);
        let taken = MetricsServer::<Named>::bind(address).unwrap_err();
        assert!(taken.to_string().contains(&address.to_string()), "{taken}");
        drop(server);
        assert_eq!(rest_of(waiting), "", "open connections end, too");
        drop(MetricsServer::<Named>::bind(address).unwrap());
    }
}

//! A server on a plain socket.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Runtime};

/// On threads of its own, so that what it allocates is not counted.
pub static SERVERS: LazyLock<Runtime> = LazyLock::new(|| {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
});

/// A listener that treats each connection in the same way.
pub struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

pub struct Peer {
    pub stream: TcpStream,
    pub requests: Arc<AtomicUsize>,
}

impl Server {
    pub fn new<F>(treat: impl Fn(Peer) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<AtomicUsize>::default();
        let count = requests.clone();
        SERVERS.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(treat(Peer { stream, requests: count.clone() }));
            }
        });
        Self { address, requests }
    }

    /// Sends the same bytes to all, and then ends.
    pub fn saying(bytes: impl Into<Arc<[u8]>>, end: End) -> Self {
        let bytes = bytes.into();
        Self::new(move |mut peer| {
            let bytes = bytes.clone();
            async move {
                peer.request().await?;
                peer.stream.write_all(&bytes).await?;
                peer.end(end).await
            }
        })
    }

    /// Sends bytes, and then others again and again.
    pub fn flooding(first: impl Into<Arc<[u8]>>, then: impl Into<Arc<[u8]>>) -> Self {
        let (first, then) = (first.into(), then.into());
        Self::new(move |mut peer| {
            let (first, then) = (first.clone(), then.clone());
            async move {
                peer.request().await?;
                peer.stream.write_all(&first).await?;
                loop {
                    peer.stream.write_all(&then).await?;
                }
            }
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Relaxed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    Close,
    Reset,
    /// Says nothing more, and waits.
    Hold,
}

impl Peer {
    /// Reads a request; its head.
    pub async fn request(&mut self) -> io::Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap();
        let lower = head.to_lowercase();
        assert!(!lower.contains("accept-encoding"), "{head}");
        let length = lower.split("content-length: ").nth(1).unwrap();
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        self.stream.read_exact(&mut body).await?;
        self.requests.fetch_add(1, Relaxed);
        Ok(head)
    }

    /// Reads a request of HTTP/2.
    pub async fn request2(&mut self) -> io::Result<()> {
        self.stream.read_exact(&mut [0; 24]).await?;
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            self.stream.read_exact(&mut vec![0; length as usize]).await?;
            let [.., kind, flags, _, _, _, _] = head;
            if kind == DATA && flags & END_STREAM != 0 {
                self.requests.fetch_add(1, Relaxed);
                return Ok(());
            }
        }
    }

    pub async fn end(mut self, end: End) -> io::Result<()> {
        match end {
            End::Close => self.stream.shutdown().await,
            End::Reset => self.stream.set_zero_linger(),
            End::Hold => self.stream.read_u8().await.map(|_| ()),
        }
    }
}

pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body.as_ref());
    answer
}

/// An answer with its length.
pub fn whole(status: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let headers =
        format!("content-type: application/json\r\ncontent-length: {}\r\n", body.as_ref().len());
    answer(status, &headers, body)
}

pub fn content(blocks: &str, stop: &str) -> String {
    format!(r#"{{"type":"message","model":"m","content":[{blocks}],"stop_reason":"{stop}"}}"#)
}

pub fn done() -> String {
    content(r#"{"type":"text","text":"done"}"#, "end_turn")
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Framing {
    Length,
    Chunks,
    Close,
}

pub fn framed(framing: Framing, body: &str) -> Vec<u8> {
    let (start, end) = body.split_at(body.len() / 2);
    match framing {
        Framing::Length => whole("200 OK", body),
        Framing::Chunks => {
            let chunks =
                format!("{:x}\r\n{start}\r\n{:x}\r\n{end}\r\n0\r\n\r\n", start.len(), end.len());
            answer("200 OK", "transfer-encoding: chunked\r\n", chunks)
        }
        Framing::Close => answer("200 OK", "", body),
    }
}

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const SETTINGS: u8 = 4;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// A frame of HTTP/2: its type, its flags, its stream.
pub fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, stream];
    [&head, payload].concat()
}

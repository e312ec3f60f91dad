//! Lets only such messages through as the protocol's library can decode.
//!
//! The library stops serving at the first message that it cannot decode; a server that an editor's slip brings down is of no use. So frames
//! are taken apart here, checked, and put together again. What deliberately does not live here: what a message means. Invariant:
//! whatever bytes come in, well-formed frames go out; a request that cannot be let through is still answered, as unknown.

use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tower_lsp::jsonrpc::{Request, Response};

/// A longer body is skipped: no editor sends such a thing.
const MAX_BODY_BYTES: u64 = 256 << 20;

/// A longer header line is no header line.
const MAX_LINE_BYTES: u64 = 4096;

/// Forwards messages until `input` ends or nobody reads `output` any more.
pub(super) async fn forward(input: impl AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let mut input = BufReader::new(input);
    let mut body = Vec::new();
    loop {
        let length = match read_header(&mut input).await {
            Ok(Some(length)) => length,
            Ok(None) => return,
            Err(error) => return tracing::warn!("cannot read from the editor: {error}"),
        };
        if length > MAX_BODY_BYTES {
            tracing::error!("a message of {length} bytes is skipped");
            if tokio::io::copy(&mut (&mut input).take(length), &mut tokio::io::sink()).await.is_err() {
                return;
            }
            continue;
        }
        body.clear();
        match (&mut input).take(length).read_to_end(&mut body).await {
            Ok(read) if read as u64 == length => {}
            // The editor went away in the middle of a message.
            Ok(_) => return,
            Err(error) => return tracing::warn!("cannot read from the editor: {error}"),
        }
        let Some(message) = check(std::mem::take(&mut body)) else { continue };
        let header = format!("Content-Length: {}\r\n\r\n", message.len());
        if output.write_all(header.as_bytes()).await.is_err() || output.write_all(&message).await.is_err() || output.flush().await.is_err()
        {
            return;
        }
        body = message;
    }
}

/// Reads header lines up to the empty one; what is no header is skipped. The length of the body, or `None` at the end of the input.
async fn read_header(input: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<u64>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut *input).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            if length.is_some() {
                return Ok(length);
            }
            continue;
        }
        match content_length(text) {
            Some(value) => length = Some(value),
            None if text.contains(&b':') => {}
            None => tracing::warn!("the editor sent {} bytes that are no header", text.len()),
        }
    }
}

fn content_length(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    let (name, value) = line.split_once(':')?;
    // After a broken body, its rest may stand before the name.
    let name = name.get(name.len().checked_sub("Content-Length".len())?..)?;
    name.eq_ignore_ascii_case("Content-Length").then(|| value.trim().parse().ok())?
}

/// The message, or what stands for it; `None` if nobody waits for an answer.
fn check(body: Vec<u8>) -> Option<Vec<u8>> {
    if serde_json::from_slice::<Request>(&body).is_ok_and(|request| !request.method().is_empty())
        || serde_json::from_slice::<Response>(&body).is_ok()
    {
        return Some(body);
    }
    tracing::error!("the editor sent a message of {} bytes that is no valid message", body.len());
    let message: Value = serde_json::from_slice(&body).ok()?;
    let id = message.get("id").filter(|id| id.is_i64() || id.is_string())?;
    // An answer to nothing is dropped; a request is answered as unknown.
    message.get("method")?;
    serde_json::to_vec(&serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": "invalid" })).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn forwarded(input: &[u8]) -> String {
        let mut output = Vec::new();
        forward(input, &mut output).await;
        String::from_utf8(output).unwrap()
    }

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn sound_messages_pass_unchanged() {
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"é":"🦀"}}"#;
        let response = r#"{"jsonrpc":"2.0","id":1,"result":null}"#;
        let input = format!(
            "content-length:{}\r\nContent-Type: application/vscode-jsonrpc; charset=latin1\r\n\r\n{request}{}",
            request.len(),
            frame(response)
        );
        assert_eq!(forwarded(input.as_bytes()).await, frame(request) + &frame(response));
    }

    #[tokio::test]
    async fn broken_messages_do_not_end_the_session() {
        let sound = frame(r#"{"jsonrpc":"2.0","method":"a"}"#);
        let broken = ["{bad}", "[]", "", "null", r#"{"jsonrpc":"2.0"}"#, r#"{"id":{},"method":"a"}"#].map(frame).concat();
        let noise = "no header\r\n\r\nContent-Length: many\r\n\r\n";
        assert_eq!(forwarded((broken + noise + &sound).as_bytes()).await, sound);
        // Bytes that are no UTF-8, and a body that is shorter than its header says.
        let bytes = [b"Content-Length: 2\r\n\r\n\xff\xfe".as_slice(), sound.as_bytes(), b"Content-Length: 99\r\n\r\n{}"].concat();
        assert_eq!(forwarded(&bytes).await, sound);
    }

    #[tokio::test]
    async fn a_request_is_answered_although_it_is_malformed() {
        let output = forwarded(frame(r#"{"id":7,"method":"a"}"#).as_bytes()).await;
        assert!(output.contains(r#""id":7"#) && output.contains(r#""jsonrpc":"2.0""#), "{output}");
    }

    #[test]
    fn a_length_is_found_behind_the_rest_of_a_body() {
        assert_eq!(content_length(b"{}Content-Length: 3"), Some(3));
        assert_eq!(content_length(b"Content-Type: 3"), None);
        assert_eq!(content_length(b"Content-Length: -3"), None);
    }
}

//! Which pages may speak to the server.
//!
//! A browser sends its page's origin with every WebSocket handshake and every request that could change something. A page that the server itself
//! served may speak, and the pages of configured origins. Whether the server served it is decided by the name in `Host`, and a name of somebody
//! else's can be made to point here: only addresses, `localhost` and the hosts of configured origins are taken as ours.

use axum::http::{HeaderMap, HeaderValue, header};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Origins that are allowed besides the server's own.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origins(Vec<String>);

/// What an origin is to the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Page {
    /// No page, as far as can be seen: a program.
    None,
    /// Its own page.
    Own,
    /// A configured origin.
    Allowed,
    /// Any other.
    Foreign,
}

impl Origins {
    /// Reads origins such as `https://desk.example`.
    ///
    /// # Errors
    /// What is no origin.
    pub fn read(list: &[String]) -> Result<Self, String> {
        let is_origin = |origin: &&String| {
            let host = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            !host.is_some_and(|h| !h.is_empty() && !h.contains(['/', '@', '?', '#', ' ', '*', ',']))
        };
        match list.iter().find(is_origin) {
            Some(wrong) => Err(format!(
                "`{wrong}` is no origin: https://HOST or https://HOST:PORT"
            )),
            None => Ok(Self(list.iter().map(|o| o.to_ascii_lowercase()).collect())),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = host.rsplit_once(':').map_or(host, |(name, port)| {
            let port_only = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            if port_only { name } else { host }
        });
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<Ipv4Addr>().is_ok() || bare.parse::<Ipv6Addr>().is_ok();
        let configured = |origin: &String| {
            let of = origin.split_once("://").map(|(_, host)| host);
            of.is_some_and(|of| of.eq_ignore_ascii_case(host))
        };
        address || name.eq_ignore_ascii_case("localhost") || self.0.iter().any(configured)
    }

    /// What the page that a request comes from is to the server.
    pub(crate) fn page(&self, headers: &HeaderMap) -> Page {
        let mut sent = headers.get_all(header::ORIGIN).iter();
        let origin = match (sent.next(), sent.next()) {
            (None, _) => return Page::None,
            (Some(origin), None) => origin.to_str().unwrap_or_default(),
            (Some(_), Some(_)) => return Page::Foreign,
        };
        if self.0.iter().any(|o| o.eq_ignore_ascii_case(origin)) {
            return Page::Allowed;
        }
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let from = origin.split_once("://").map(|(_, host)| host);
        match host {
            Some(host) if from == Some(host) && self.is_ours(host) => Page::Own,
            _ => Page::Foreign,
        }
    }

    /// Whether a page may open a socket. A browser always says which page it is for; a request with a cookie and without a page is a trick.
    pub(crate) fn may_connect(&self, headers: &HeaderMap) -> bool {
        match self.page(headers) {
            Page::Own | Page::Allowed => true,
            Page::None => !headers.contains_key(header::COOKIE),
            Page::Foreign => false,
        }
    }

    /// The origin to name in an answer: a configured one, never any.
    pub(crate) fn named(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        (self.page(headers) == Page::Allowed).then(|| origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(host: &'static str, origin: Option<&'static str>) -> Page {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        let origins = Origins::read(&["https://desk.example".to_owned()]).unwrap();
        origins.page(&headers)
    }

    #[test]
    fn only_own_and_configured_pages_may_speak() {
        let own = "127.0.0.1:8787";
        assert_eq!(page(own, None), Page::None);
        assert_eq!(page(own, Some("http://127.0.0.1:8787")), Page::Own);
        assert_eq!(page("[::1]:8787", Some("http://[::1]:8787")), Page::Own);
        assert_eq!(page("localhost:80", Some("http://localhost:80")), Page::Own);
        assert_eq!(page(own, Some("https://desk.example")), Page::Allowed);
        for foreign in [
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:8788",
            "http://127.0.0.1:8787.evil.example",
            "https://desk.example.evil.example",
            "https://evil-desk.example",
            "https://desk.example:8443",
            "http://desk.example",
        ] {
            assert_eq!(page(own, Some(foreign)), Page::Foreign, "{foreign}");
        }
        // A foreign name that was made to point here.
        let rebound = page("evil.example:8787", Some("http://evil.example:8787"));
        assert_eq!(rebound, Page::Foreign);
    }

    #[test]
    fn a_cookie_without_a_page_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(Origins::default().may_connect(&headers));
        headers.insert(header::COOKIE, HeaderValue::from_static("hs_session=1"));
        assert!(!Origins::default().may_connect(&headers));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "*",
            "desk.example",
            "https://",
            "https://a/b",
            "https://*.a",
        ] {
            assert!(Origins::read(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}

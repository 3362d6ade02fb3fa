//! Which pages may speak to the server, and what they may do: the one place that decides it.
//!
//! A browser sends its page's origin with every WebSocket handshake and every request that could change something. Three kinds of pages are told
//! apart. The page from which one logs in is the only one that may use a session's cookie and change anything. Guests may read and connect, as
//! strangers do: pages of configured origins, and those that the server itself served under another name. Whether the server served a page is
//! decided by the name in `Host`, and a name of somebody else's can be made to point here: only addresses, `localhost` and the hosts of configured
//! origins are taken as ours. All other pages may do no more than load what anybody may load.

use axum::http::{HeaderMap, HeaderValue, header};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Origins that are allowed besides the server's own.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origins {
    /// The page from which one logs in.
    home: String,
    /// Those of guests.
    guests: Vec<String>,
    /// Whether the server itself speaks TLS: its pages have the scheme of its listener.
    tls: bool,
}

/// What a page is to the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Page {
    /// No page, as far as can be seen: a program.
    None,
    /// The one from which one logs in.
    Home,
    /// A configured origin.
    Guest,
    /// Served by us under another name.
    Own,
    /// Any other.
    Foreign,
}

/// What a request is about to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Act {
    /// It changes nothing.
    Read,
    /// It opens a socket.
    Connect,
    /// It may change something.
    Change,
}

/// What a browser is told that pages of an origin may do: no more than holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Allowance {
    pub(crate) origin: HeaderValue,
    pub(crate) methods: &'static str,
    pub(crate) headers: &'static str,
    pub(crate) cookies: bool,
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
            None => Ok(Self {
                guests: list.iter().map(|o| o.to_ascii_lowercase()).collect(),
                ..Self::default()
            }),
        }
    }

    /// With the page from which one logs in, for a listener with or without TLS.
    pub(crate) fn around(self, home: &str, tls: bool) -> Self {
        let home = home.to_owned();
        Self { home, tls, ..self }
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
        let mut known = self.guests.iter().chain([&self.home]);
        address || name.eq_ignore_ascii_case("localhost") || known.any(configured)
    }

    /// What the page that a request comes from is to the server.
    pub(crate) fn page(&self, headers: &HeaderMap) -> Page {
        let mut sent = headers.get_all(header::ORIGIN).iter();
        let origin = match (sent.next(), sent.next()) {
            (None, _) => return Page::None,
            (Some(origin), None) => origin.to_str().unwrap_or_default(),
            (Some(_), Some(_)) => return Page::Foreign,
        };
        if origin == self.home {
            return Page::Home;
        }
        if self.guests.iter().any(|o| o.eq_ignore_ascii_case(origin)) {
            return Page::Guest;
        }
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let scheme = if self.tls { "https://" } else { "http://" };
        match (host, origin.strip_prefix(scheme)) {
            (Some(host), Some(from)) if from == host && self.is_ours(host) => Page::Own,
            _ => Page::Foreign,
        }
    }

    /// Whether a request may go on. A browser always says which page it is for: a cookie without a page is a trick.
    pub(crate) fn admit(&self, headers: &HeaderMap, act: Act, session_cookie: bool) -> bool {
        match (self.page(headers), act) {
            (_, Act::Read) | (Page::Home, _) => true,
            (Page::Guest | Page::Own, Act::Connect) => !session_cookie,
            (Page::Guest | Page::Own, Act::Change) | (Page::Foreign, _) => false,
            (Page::None, Act::Connect) => !headers.contains_key(header::COOKIE),
            (Page::None, Act::Change) => !session_cookie,
        }
    }

    /// What the browser is told, for pages of configured origins alone.
    pub(crate) fn allowance(&self, headers: &HeaderMap) -> Option<Allowance> {
        let origin = headers.get(header::ORIGIN)?.clone();
        match self.page(headers) {
            Page::Home => Some(Allowance {
                origin,
                methods: "GET, POST, PUT, DELETE",
                headers: "content-type, authorization, x-hypersentry-csrf",
                cookies: true,
            }),
            Page::Guest => Some(Allowance {
                origin,
                methods: "GET",
                headers: "authorization",
                cookies: false,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "http://127.0.0.1:8787";

    fn origins() -> Origins {
        let read = Origins::read(&["https://desk.example".to_owned()]);
        read.unwrap().around(HOME, false)
    }

    fn headers(host: &'static str, origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    fn page(host: &'static str, origin: Option<&'static str>) -> Page {
        origins().page(&headers(host, origin))
    }

    #[test]
    fn pages_are_told_apart() {
        let own = "127.0.0.1:8787";
        assert_eq!(page(own, None), Page::None);
        assert_eq!(page(own, Some(HOME)), Page::Home);
        assert_eq!(page("[::1]:8787", Some("http://[::1]:8787")), Page::Own);
        assert_eq!(page("localhost:80", Some("http://localhost:80")), Page::Own);
        assert_eq!(page(own, Some("https://desk.example")), Page::Guest);
        for foreign in [
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:8788",
            "https://127.0.0.1:8787",
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
        let secure = Origins::default().around("https://desk.example", true);
        let mixed = headers("127.0.0.1:1", Some("http://127.0.0.1:1"));
        assert_eq!(secure.page(&mixed), Page::Foreign);
    }

    #[test]
    fn what_a_page_may_do_depends_on_what_it_is() {
        use Act::{Change, Connect, Read};
        let own = "127.0.0.1:8787";
        for (origin, host, cookie, may) in [
            (Some(HOME), own, true, [true, true, true]),
            (
                Some("https://desk.example"),
                own,
                false,
                [true, true, false],
            ),
            (
                Some("https://desk.example"),
                own,
                true,
                [true, false, false],
            ),
            (
                Some("http://localhost:1"),
                "localhost:1",
                false,
                [true, true, false],
            ),
            (
                Some("http://localhost:1"),
                "localhost:1",
                true,
                [true, false, false],
            ),
            (
                Some("https://evil.example"),
                own,
                false,
                [true, false, false],
            ),
            (Some("null"), own, true, [true, false, false]),
            (None, own, false, [true, true, true]),
            (None, own, true, [true, false, false]),
        ] {
            let mut headers = headers(host, origin);
            if cookie {
                headers.insert(header::COOKIE, HeaderValue::from_static("hs_session=1"));
            }
            let seen = [Read, Connect, Change].map(|act| origins().admit(&headers, act, cookie));
            assert_eq!(seen, may, "{origin:?} with a cookie: {cookie}");
        }
    }

    #[test]
    fn browsers_are_told_what_holds() {
        let told = |origin| origins().allowance(&headers("127.0.0.1:8787", Some(origin)));
        let guest = told("https://desk.example").unwrap();
        assert_eq!((guest.methods, guest.cookies), ("GET", false));
        let home = told(HOME).unwrap();
        assert!(home.cookies && home.methods.contains("DELETE"));
        assert_eq!(told("https://evil.example"), None);
        assert_eq!(told("null"), None);
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

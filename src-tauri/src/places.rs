//! Where data is kept.

use std::ffi::OsString;
use std::path::PathBuf;

/// The name of the application's directory in the user's data directory.
const IDENTIFIER: &str = "app.hypersentry.terminal";

/// Directories of this start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Places {
    /// For the engine.
    pub(crate) engine: PathBuf,
    /// For what the web view keeps: the window's layout.
    pub(crate) web_view: PathBuf,
    /// The file that names the team server.
    pub(crate) team: PathBuf,
    /// What is known of the agents of this machine's user; their keys are in the keychain.
    pub(crate) agents: PathBuf,
    /// The log of what the key of this machine signs.
    pub(crate) signing: PathBuf,
}

impl Places {
    /// All in the directory that was asked for, else in the user's data directory. There, practice and live keep their journals apart.
    ///
    /// `variable` reads the environment. `None` if it says of no directory.
    pub(crate) fn new(
        asked: Option<PathBuf>,
        practice: bool,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Option<Self> {
        if let Some(root) = asked {
            return Some(Self {
                engine: root.clone(),
                web_view: root.join("web-view"),
                team: root.join("team.json"),
                agents: root.join("agents.db"),
                signing: root.join("signing"),
            });
        }
        let root = user_data(variable)?.join(IDENTIFIER);
        Some(Self {
            engine: root.join(if practice { "practice" } else { "live" }),
            web_view: root.join("web-view"),
            team: root.join("team.json"),
            agents: root.join("agents.db"),
            signing: root.join("signing"),
        })
    }
}

fn user_data(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // An empty or relative value counts as none, as the XDG specification says.
    let path = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if cfg!(windows) {
        path("APPDATA")
    } else if cfg!(target_os = "macos") {
        path("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        path("XDG_DATA_HOME").or_else(|| path("HOME").map(|home| home.join(".local/share")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(asked: Option<&str>, practice: bool, vars: &[(&str, &str)]) -> Option<Places> {
        Places::new(asked.map(PathBuf::from), practice, |name| {
            vars.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_directory_that_was_asked_for_holds_all() {
        let places = places(Some("here"), true, &[]).unwrap();
        assert_eq!(places.engine, PathBuf::from("here"));
        assert_eq!(places.web_view, PathBuf::from("here/web-view"));
        assert_eq!(places.team, PathBuf::from("here/team.json"));
        assert_eq!(places.agents, PathBuf::from("here/agents.db"));
        assert_eq!(places.signing, PathBuf::from("here/signing"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_users_directory_keeps_practice_and_live_apart() {
        let home = [("HOME", "/users/a")];
        let live = places(None, false, &home).unwrap();
        let practice = places(None, true, &home).unwrap();
        let root = PathBuf::from("/users/a/.local/share/app.hypersentry.terminal");
        assert_eq!(live.engine, root.join("live"));
        assert_eq!(practice.engine, root.join("practice"));
        assert_eq!(live.web_view, practice.web_view);
        let xdg = [("HOME", "/users/a"), ("XDG_DATA_HOME", "/data")];
        let live = places(None, false, &xdg).unwrap();
        assert!(live.engine.starts_with("/data"));
        let relative = [("HOME", "/users/a"), ("XDG_DATA_HOME", "data")];
        assert!(
            places(None, false, &relative)
                .unwrap()
                .engine
                .starts_with("/users/a")
        );
        assert_eq!(places(None, false, &[]), None);
    }
}

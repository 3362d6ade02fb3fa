//! The commands and their TypeScript.

use crate::agents::commands as agents;
use crate::commands;
use crate::team::commands as team;
use crate::trade;
use tauri::Runtime;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands};

/// All commands. What a command refuses, its promise rejects with.
pub(crate) fn commands<R: Runtime>() -> Builder<R> {
    Builder::new()
        .error_handling(ErrorHandlingMode::Throw)
        .commands(collect_commands![
            commands::open_session,
            commands::close_session,
            commands::subscribe,
            commands::unsubscribe,
            commands::request,
            commands::symbols,
            commands::readiness,
            commands::alpha,
            commands::account,
            commands::tell_account,
            commands::next_frame,
            trade::trade,
            team::team,
            team::team_connect,
            team::team_disconnect,
            team::team_request,
            team::team_key,
            team::team_sign_in_by_key,
            team::team_sign_in_by_browser,
            team::team_cancel_sign_in,
            agents::agents,
            agents::agent_wallet,
            agents::agent_create,
            agents::agent_rotate,
            agents::agent_approve_in_browser,
            agents::agent_approve_by_key,
            agents::agent_cancel_approval,
            agents::agent_check,
            agents::agent_revoke,
        ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_names::COMMANDS;
    use specta_typescript::Typescript;
    use std::fs;
    use tauri::test::MockRuntime;

    const FILE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src-ui/src/transport/bindings.gen.ts"
    );

    fn generated() -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bindings.ts");
        commands::<MockRuntime>()
            .export(Typescript::default(), &path)
            .unwrap();
        formatted(&fs::read_to_string(path).unwrap())
    }

    /// As the UI's formatter has it, so that the file passes its check.
    fn formatted(text: &str) -> String {
        let mut formatted = String::new();
        let mut in_type = false;
        for line in text.trim_end().lines() {
            in_type = (in_type || line.starts_with("export type")) && line != "};";
            let line = line
                .replace('\t', "  ")
                .replace("/**  ", "/** ")
                .replace("*  ", "* ");
            let field = line.strip_suffix(',').filter(|_| in_type);
            formatted.push_str(&field.map_or(line.clone(), |field| format!("{field};")));
            formatted.push('\n');
        }
        formatted
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "whether the file is written is asked by whoever runs the tests"
    )]
    fn asked_to_write() -> bool {
        std::env::var("HYPERSENTRY_WRITE_BINDINGS").is_ok_and(|value| value == "1")
    }

    #[test]
    fn bindings_are_those_of_the_commands() {
        let generated = generated();
        if asked_to_write() {
            fs::write(FILE, &generated).unwrap();
        }
        let kept = fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            kept == generated,
            "src-ui/src/transport/bindings.gen.ts is not what the commands are: \
             `HYPERSENTRY_WRITE_BINDINGS=1 cargo test -p hypersentry bindings` writes it anew"
        );
    }

    #[test]
    fn every_command_has_a_permission_and_the_window_is_granted_it() {
        let generated = generated();
        let mut called: Vec<&str> = generated
            .split("(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        called.sort_unstable();
        let mut named = COMMANDS.to_vec();
        named.sort_unstable();
        assert_eq!(called, named);

        let capability: serde_json::Value =
            serde_json::from_str(include_str!("../capabilities/main.json")).unwrap();
        let granted: Vec<&str> = capability["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p.as_str().unwrap())
            .collect();
        let allowed: Vec<String> = COMMANDS
            .iter()
            .map(|name| format!("allow-{}", name.replace('_', "-")))
            .collect();
        assert_eq!(granted, allowed);
    }
}

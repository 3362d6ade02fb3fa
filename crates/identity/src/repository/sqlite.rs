//! Changes in a SQLite file.
//!
//! All of it is read once, at the start, and never searched by a column; so a record is one JSON text under its id. The audit list alone has
//! columns, because people read it.

use super::{Repository, StoreFailure, Work};
use crate::change::{AuditEntry, Change};
use crate::{Address, Grants};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _};
use std::path::Path;

/// Steps from an empty file to today's; `user_version` says how many were taken. Steps are added, never changed.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_begin.sql")];

/// Audit entries that are read at the start.
const RECENT: i64 = 1_000;

/// A SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteRepository {
    pool: SqlitePool,
}

fn failed(error: sqlx::Error) -> StoreFailure {
    tracing::error!(%error, "identity store");
    StoreFailure
}

fn unreadable(error: serde_json::Error) -> StoreFailure {
    tracing::error!(%error, "identity store: unreadable record");
    StoreFailure
}

impl SqliteRepository {
    /// Opens the file, makes it if it is not there, and brings it to today's shape.
    ///
    /// # Errors
    /// It cannot be opened, or was written by a newer version.
    pub async fn open(file: &Path) -> Result<Self, StoreFailure> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is overwritten: a revoked key leaves nothing, sealed or not.
            .pragma("secure_delete", "ON");
        // One writer at a time is what SQLite has, and what callers do.
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await.map_err(failed)?;
        private(file);
        let repository = Self { pool };
        repository.migrate().await?;
        Ok(repository)
    }

    async fn migrate(&self) -> Result<(), StoreFailure> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
        let taken = usize::try_from(version).map_err(|_| StoreFailure)?;
        let Some(steps) = MIGRATIONS.get(taken..) else {
            tracing::error!(version, "the identity store was written by a newer version");
            return Err(StoreFailure);
        };
        for step in steps {
            let mut transaction = connection.begin().await.map_err(failed)?;
            sqlx::raw_sql(*step)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
        }
        Ok(())
    }

    async fn records<T: DeserializeOwned>(
        &self,
        query: &'static str,
    ) -> Result<Vec<T>, StoreFailure> {
        let rows = sqlx::query(query).fetch_all(&self.pool).await;
        let rows = rows.map_err(failed)?;
        let texts = rows.iter().map(|row| row.try_get::<String, _>(0));
        texts
            .map(|text| serde_json::from_str(&text.map_err(failed)?).map_err(unreadable))
            .collect()
    }

    async fn read(&self) -> Result<Vec<Change>, StoreFailure> {
        let users = self.records("SELECT record FROM users").await?;
        let sessions = self.records("SELECT record FROM sessions").await?;
        let grants = self.records("SELECT record FROM grants").await?;
        let agents = self.records("SELECT record FROM agents").await?;
        let rows = sqlx::query(
            "SELECT at_ms, actor, action, subject, detail FROM audit ORDER BY seq DESC LIMIT ?",
        )
        .bind(RECENT)
        .fetch_all(&self.pool)
        .await
        .map_err(failed)?;
        let entry = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Change::Audit(AuditEntry {
                at_ms: row.try_get(0)?,
                actor: row.try_get(1)?,
                action: row.try_get(2)?,
                subject: row.try_get(3)?,
                detail: row.try_get(4)?,
            }))
        };
        let audit = rows.iter().rev().map(entry).collect::<Result<Vec<_>, _>>();
        let grants =
            grants
                .into_iter()
                .map(
                    |(user, account, grants): (String, Address, Grants)| Change::Grant {
                        user,
                        account,
                        grants,
                    },
                );
        let mut all: Vec<Change> = users.into_iter().map(Change::User).collect();
        all.extend(sessions.into_iter().map(Change::Session));
        all.extend(grants);
        all.extend(agents.into_iter().map(Change::Agent));
        all.extend(audit.map_err(failed)?);
        Ok(all)
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), StoreFailure> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        for change in changes {
            write(&mut transaction, change).await?;
        }
        transaction.commit().await.map_err(failed)
    }
}

async fn write(connection: &mut SqliteConnection, change: Change) -> Result<(), StoreFailure> {
    match change {
        Change::User(user) => {
            let query = "INSERT OR REPLACE INTO users VALUES (?, ?)";
            put(connection, query, &user.id, &user).await
        }
        Change::Session(session) => {
            let query = "INSERT OR REPLACE INTO sessions VALUES (?, ?)";
            put(connection, query, &session.id, &session).await
        }
        Change::Agent(agent) => {
            let query = "INSERT OR REPLACE INTO agents VALUES (?, ?)";
            put(connection, query, &agent.id, &agent).await
        }
        Change::SessionEnded { id, .. } => {
            drop_row(connection, "DELETE FROM sessions WHERE id = ?", &id).await
        }
        Change::Grant {
            user,
            account,
            grants,
        } => {
            let id = format!("{user}/{account}");
            if grants.is_empty() {
                return drop_row(connection, "DELETE FROM grants WHERE id = ?", &id).await;
            }
            let query = "INSERT OR REPLACE INTO grants VALUES (?, ?)";
            put(connection, query, &id, &(user, account, grants)).await
        }
        Change::Audit(entry) => {
            let query =
                "INSERT INTO audit (at_ms, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)";
            sqlx::query(query)
                .bind(entry.at_ms)
                .bind(entry.actor)
                .bind(entry.action)
                .bind(entry.subject)
                .bind(entry.detail)
                .execute(connection)
                .await
                .map(drop)
                .map_err(failed)
        }
    }
}

async fn put(
    connection: &mut SqliteConnection,
    query: &'static str,
    id: &str,
    record: &(impl Serialize + Sync),
) -> Result<(), StoreFailure> {
    let text = serde_json::to_string(record).map_err(unreadable)?;
    let query = sqlx::query(query).bind(id.to_owned()).bind(text);
    query.execute(connection).await.map(drop).map_err(failed)
}

async fn drop_row(
    connection: &mut SqliteConnection,
    query: &'static str,
    id: &str,
) -> Result<(), StoreFailure> {
    let query = sqlx::query(query).bind(id.to_owned());
    query.execute(connection).await.map(drop).map_err(failed)
}

/// Nobody else on the machine reads the file.
fn private(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o600);
        if let Err(error) = std::fs::set_permissions(file, mode) {
            tracing::warn!(%error, "the identity store could not be made private");
        }
    }
    #[cfg(not(unix))]
    let _ = file;
}

impl Repository for SqliteRepository {
    fn load(&self) -> Work<'_, Vec<Change>> {
        Box::pin(self.read())
    }

    fn save(&self, changes: Vec<Change>) -> Work<'_, ()> {
        Box::pin(self.write(changes))
    }
}

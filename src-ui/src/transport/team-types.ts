import type { ApiError } from "./types";

/** How the app on this computer stands to team servers. */
export interface TeamState {
  /** The server's origin; null while the engine of this app serves. */
  readonly server: string | null;
  readonly signedIn: boolean;
  /** A login in the system's browser is under way. */
  readonly signingIn: boolean;
  /** Why the session lasts for this run alone; null while the keychain keeps it. */
  readonly keychain: ApiError | null;
}

/** What the app does at team servers for its window. The session's token stays in the app. Refusals are `ApiError`s. */
export interface TeamPort {
  read(): Promise<TeamState>;
  /** The window begins anew afterwards: its figures were another server's. */
  connect(address: string): Promise<void>;
  disconnect(): Promise<void>;
  /** The address of this computer's own key, which is made with the first call and shown nowhere. */
  key(): Promise<string>;
  signInByKey(): Promise<void>;
  /** Done when the page in the system's browser was answered. */
  signInByBrowser(): Promise<void>;
  cancelSignIn(): Promise<void>;
}

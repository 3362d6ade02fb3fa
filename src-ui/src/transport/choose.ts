import { GatewayTransport } from "./gateway";
import type { Transport } from "./types";

export async function chooseTransport(): Promise<Transport> {
  if ("__TAURI_INTERNALS__" in window) {
    const { DesktopTransport } = await import("./desktop");
    const { desktopTeam } = await import("./desktop-team");
    // If the app cannot say, its own engine serves.
    const server = await desktopTeam.read().then(
      (team) => team.server,
      () => null,
    );
    return new DesktopTransport(server);
  }
  return new GatewayTransport();
}

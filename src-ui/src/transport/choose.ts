import { GatewayTransport } from "./gateway";
import type { Transport } from "./types";

export async function chooseTransport(): Promise<Transport> {
  if ("__TAURI_INTERNALS__" in window) {
    const { DesktopTransport } = await import("./desktop");
    return new DesktopTransport();
  }
  return new GatewayTransport();
}

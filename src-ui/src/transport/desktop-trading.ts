import { invoke } from "@tauri-apps/api/core";
import { asApiError } from "./decode";
import { Trading, type TradeRequest } from "./trading";
import { ApiError } from "./types";
import type { TradingPort } from "./trading-port";

/** An app without the command says so in words of its own. */
const NO_COMMAND = /\btrade\b.*not (?:found|allowed)/i;

async function trade(request: TradeRequest): Promise<unknown> {
  try {
    return await invoke<unknown>("trade", { request });
  } catch (error) {
    if (typeof error === "string" && NO_COMMAND.test(error))
      throw new ApiError("trading_absent", "this app has no trading", false);
    throw asApiError(error);
  }
}

/** Trading by the app's own engine. */
export const ownTrading: TradingPort = new Trading(trade);

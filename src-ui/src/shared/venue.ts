import type { Colour } from "./theme";

const SHORT: Readonly<Record<string, string>> = {
  hyperliquid: "HL",
  "binance-spot": "BIN",
  "binance-usdm": "BIN-P",
  coinbase: "CB",
  bybit: "BYB",
  okx: "OKX",
  composite: "ALL",
};

export function venueShort(source: string): string {
  return (
    SHORT[source] ??
    source
      .replace(/[^a-z0-9]/gi, "")
      .slice(0, 4)
      .toUpperCase()
  );
}

const NAMES: Readonly<Record<string, string>> = {
  hyperliquid: "Hyperliquid",
  "binance-spot": "Binance spot",
  "binance-usdm": "Binance USD-M",
  coinbase: "Coinbase",
  bybit: "Bybit",
  okx: "OKX",
  composite: "composite",
  alpha: "conviction engine",
  account: "account",
  execution: "execution",
};

export function venueName(source: string): string {
  return NAMES[source] ?? source;
}

const INKS: Readonly<Record<string, Colour>> = {
  hyperliquid: "venue-1",
  "binance-spot": "venue-2",
  "binance-usdm": "venue-3",
  coinbase: "venue-4",
  bybit: "venue-5",
  okx: "venue-6",
};

/** The colour of a venue's lines; what is combined is plain ink. */
export function venueInk(source: string): Colour {
  return INKS[source] ?? "ink-0";
}

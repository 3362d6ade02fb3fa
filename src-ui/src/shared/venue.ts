const SHORT: Readonly<Record<string, string>> = {
  hyperliquid: "HL",
  "binance-spot": "BIN",
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
};

export function venueName(source: string): string {
  return NAMES[source] ?? source;
}

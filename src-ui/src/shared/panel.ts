/** What every panel is given, wherever it is docked. */
export interface PanelProps {
  readonly symbol: string;
  /** The chosen venue; null lets the panel take the symbol's first. */
  readonly source: string | null;
  readonly choose: (source: string) => void;
}

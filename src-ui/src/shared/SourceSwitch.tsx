import type { ReactNode } from "react";
import { venueName, venueShort } from "./venue";

interface SourceSwitchProps {
  readonly sources: readonly string[];
  readonly chosen: string;
  readonly choose: (source: string) => void;
  readonly what: string;
}

export function SourceSwitch({ sources, chosen, choose, what }: SourceSwitchProps): ReactNode {
  const offered = sources.includes(chosen) ? sources : [...sources, chosen];
  return (
    <>
      <span className="switch switch-wide" role="group" aria-label={`${what}: venue`}>
        {offered.map((source) => (
          <button
            key={source}
            type="button"
            aria-pressed={source === chosen}
            title={venueName(source)}
            onClick={() => choose(source)}
          >
            {venueShort(source)}
          </button>
        ))}
      </span>
      <select
        className="switch-narrow"
        aria-label={`${what}: venue`}
        value={chosen}
        onChange={(event) => choose(event.target.value)}
      >
        {offered.map((source) => (
          <option key={source} value={source}>
            {venueShort(source)}
          </option>
        ))}
      </select>
    </>
  );
}

import type { FunctionComponent } from "react";
import { DepthMap } from "~/features/depthmap/DepthMap";
import { DepthMapHead } from "~/features/depthmap/DepthMapHead";
import { Feeds } from "~/features/feeds/Feeds";
import { FeedsHead } from "~/features/feeds/FeedsHead";
import { Ladder } from "~/features/ladder/Ladder";
import { LadderHead } from "~/features/ladder/LadderHead";
import { Tape } from "~/features/tape/Tape";
import { TapeHead } from "~/features/tape/TapeHead";
import { Watchlist } from "~/features/watchlist/Watchlist";
import { WatchlistHead } from "~/features/watchlist/WatchlistHead";
import type { PanelProps } from "~/shared/panel";

interface PanelKind {
  readonly title: string;
  readonly Body: FunctionComponent<PanelProps>;
  readonly Head: FunctionComponent<PanelProps>;
}

export const PANELS = {
  watchlist: { title: "Watch", Body: Watchlist, Head: WatchlistHead },
  ladder: { title: "Book", Body: Ladder, Head: LadderHead },
  tape: { title: "Tape", Body: Tape, Head: TapeHead },
  depth: { title: "Depth", Body: DepthMap, Head: DepthMapHead },
  feeds: { title: "Feeds", Body: Feeds, Head: FeedsHead },
} as const satisfies Record<string, PanelKind>;

export type PanelName = keyof typeof PANELS;

export function isPanelName(name: unknown): name is PanelName {
  return typeof name === "string" && Object.hasOwn(PANELS, name);
}

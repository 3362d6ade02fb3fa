import type { ReactNode } from "react";
import { keysText } from "~/shared/keymap";
import { useUi, type View } from "~/stores/ui";

const VIEWS: readonly (readonly [View, string, string])[] = [
  ["terminal", "Terminal", "g t"],
  ["cockpit", "Cockpit", "g a"],
];

/** The two faces of the window. */
export function ViewSwitch(): ReactNode {
  const view = useUi((state) => state.view);
  const go = useUi((state) => state.go);
  return (
    <nav className="views" aria-label="Views">
      {VIEWS.map(([name, title, keys]) => (
        <button
          key={name}
          type="button"
          aria-current={view === name ? "page" : undefined}
          title={`${title} (${keysText(keys)})`}
          onClick={() => go(name)}
        >
          {title}
        </button>
      ))}
    </nav>
  );
}

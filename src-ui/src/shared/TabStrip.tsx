import type { KeyboardEvent, ReactNode } from "react";

interface TabStripProps<Name extends string> {
  readonly label: string;
  readonly names: readonly Name[];
  readonly chosen: Name;
  readonly title: (name: Name) => string;
  readonly choose: (name: Name) => void;
  /** Begins the ids of the tabs; `tabId` has the whole of one. */
  readonly prefix: string;
  /** The id of the element that shows the chosen one. */
  readonly panel: string;
}

export function tabId(prefix: string, name: string): string {
  return `${prefix}-${name}`;
}

/** Tabs in a row; the arrows go around the ends. */
export function TabStrip<Name extends string>(props: TabStripProps<Name>): ReactNode {
  const { label, names, chosen, title, choose, prefix, panel } = props;
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = names[(names.indexOf(chosen) + step + names.length) % names.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    choose(next);
    event.currentTarget.querySelector<HTMLElement>(`#${tabId(prefix, next)}`)?.focus();
  };
  return (
    <div className="tabs-strip" role="tablist" aria-label={label} onKeyDown={onKey}>
      {names.map((name) => (
        <button
          key={name}
          id={tabId(prefix, name)}
          type="button"
          role="tab"
          aria-selected={name === chosen}
          aria-controls={panel}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => choose(name)}
        >
          {title(name)}
        </button>
      ))}
    </div>
  );
}

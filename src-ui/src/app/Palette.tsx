import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { keysText } from "~/shared/keymap";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { useSettings } from "~/stores/settings";
import { useUi } from "~/stores/ui";
import { type Action, isOffered } from "./action";
import { ACTIONS } from "./actions";
import { Dialog } from "./Dialog";

/** Every word typed must begin a word of the title or occur in it. */
function matches(title: string, typed: string): boolean {
  const text = title.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function Palette(): ReactNode {
  const session = useSession();
  const { symbols } = useSessionSnapshot();
  const show = useUi((state) => state.show);
  const set = useSettings((state) => state.set);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);

  const found = useMemo(() => {
    const choices: Action[] = (symbols ?? []).map(({ symbol }) => ({
      id: `symbol ${symbol}`,
      title: `Show ${symbol}`,
      run: () => set({ symbol }),
    }));
    const own = ACTIONS.filter((action) => action.id !== "palette" && isOffered(action, session));
    return [...own, ...(typed === "" ? [] : choices)].filter(({ title }) => matches(title, typed));
  }, [typed, symbols, set, session]);
  const marked = Math.min(at, found.length - 1);

  useEffect(() => {
    list.current?.children[marked]?.scrollIntoView({ block: "nearest" });
  }, [marked]);

  const run = (action: Action | undefined): void => {
    if (action === undefined) return;
    show(null);
    // The dialog gives the focus back when it closes; the action may want it elsewhere.
    setTimeout(() => action.run(session));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(found.length - 1, marked + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, marked - 1));
    else if (event.key === "Enter") run(found[marked]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog label="Commands">
      <input
        className="palette-input"
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[marked] ? `palette-${marked}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="Command or symbol"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <ul ref={list} id="palette-list" role="listbox" aria-label="Commands" className="palette-list">
        {found.map((action, index) => (
          <li
            key={action.id}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === marked}
            onPointerMove={() => setAt(index)}
            onClick={() => run(action)}
          >
            <span>{action.title}</span>
            {action.keys === undefined ? null : <kbd>{keysText(action.keys)}</kbd>}
          </li>
        ))}
      </ul>
      {found.length === 0 ? <p className="palette-none">Nothing matches.</p> : null}
    </Dialog>
  );
}

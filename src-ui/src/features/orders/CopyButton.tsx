import { type ReactNode, useEffect, useState } from "react";

/** So long it says that it was done. */
const SAID_MS = 1500;

export function CopyButton({
  text,
  children = "Copy",
  label,
}: {
  readonly text: string;
  readonly children?: string;
  /** What is copied, where the word on the button does not say it. */
  readonly label?: string;
}): ReactNode {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="quiet copy"
      aria-label={copied ? undefined : label}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    >
      {copied ? "Copied" : children}
    </button>
  );
}

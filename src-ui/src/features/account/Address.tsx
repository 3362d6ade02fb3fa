import type { ReactNode } from "react";
import { shortAddress } from "~/stores/account-text";

interface AddressProps {
  readonly address: string;
  /** In full; else its two ends, with the rest in the title. */
  readonly whole?: boolean;
}

export function Address({ address, whole = false }: AddressProps): ReactNode {
  return (
    <button
      type="button"
      className="address"
      data-whole={whole}
      title={`${address}: copy`}
      onClick={() => void navigator.clipboard.writeText(address)}
    >
      {whole ? address : shortAddress(address)}
    </button>
  );
}

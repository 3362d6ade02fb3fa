import { asObject } from "./decode";
import { ApiError } from "./types";

/** A wallet in this browser, found by EIP-6963 and spoken to by EIP-1193. */
export interface Wallet {
  readonly id: string;
  readonly name: string;
  /** A `data:` image; null where the wallet gives none that may be shown. */
  readonly icon: string | null;
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
}

interface Provider {
  request(message: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

/** Wallets that are kept; a page that announces more is not believed. */
const MOST_WALLETS = 16;

function isProvider(value: unknown): value is Provider {
  return typeof asObject(value)?.["request"] === "function";
}

/** Codes of EIP-1193 and JSON-RPC that the interface tells apart. */
const CODES: Readonly<Record<number, readonly [string, string]>> = {
  4001: ["wallet_declined", "the request was declined in the wallet"],
  4100: ["wallet_unauthorised", "the wallet does not allow this page to use the account"],
  4200: ["wallet_unsupported", "the wallet cannot do this"],
  4900: ["wallet_disconnected", "the wallet has no connection"],
  4901: ["wallet_disconnected", "the wallet is not connected to this chain"],
  4902: ["wallet_chain_unknown", "the wallet does not know the chain"],
  [-32002]: ["wallet_busy", "the wallet still has an open request of this page"],
};

export function asWalletError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const code = asObject(error)?.["code"];
  const known = typeof code === "number" ? CODES[code] : undefined;
  if (known !== undefined) return new ApiError(known[0], known[1], true);
  const words = asObject(error)?.["message"];
  return new ApiError("wallet_failed", typeof words === "string" ? words : "the wallet failed", true);
}

function walletOf(id: string, name: string, icon: string | null, provider: Provider): Wallet {
  return {
    id,
    name,
    icon,
    request: async (method, params) => {
      try {
        return await provider.request(params === undefined ? { method } : { method, params });
      } catch (error) {
        throw asWalletError(error);
      }
    },
  };
}

function announced(detail: unknown): Wallet | null {
  const body = asObject(detail);
  const info = asObject(body?.["info"]);
  const provider = body?.["provider"];
  const id = info?.["uuid"];
  const name = info?.["name"];
  if (typeof id !== "string" || typeof name !== "string" || !isProvider(provider)) return null;
  const icon = info?.["icon"];
  const image =
    typeof icon === "string" && /^data:image\/(png|svg\+xml|webp|jpeg)[;,]/.test(icon) ? icon : null;
  return walletOf(id, name.slice(0, 40), image, provider);
}

/** The wallets that announce themselves, now and later; where none does, the one that older wallets leave on the page. */
export class WalletFinder {
  readonly #found = new Map<string, Wallet>();
  readonly #listeners = new Set<() => void>();
  #wallets: readonly Wallet[] = [];
  #looking = false;

  get wallets(): readonly Wallet[] {
    return this.#wallets;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.look();
    return () => this.#listeners.delete(listener);
  };

  look(): void {
    if (!this.#looking) window.addEventListener("eip6963:announceProvider", this.#onAnnounced);
    this.#looking = true;
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    this.#tell();
  }

  #onAnnounced = (event: Event): void => {
    const wallet = announced((event as CustomEvent<unknown>).detail);
    if (wallet === null || this.#found.has(wallet.id) || this.#found.size >= MOST_WALLETS) return;
    this.#found.set(wallet.id, wallet);
    this.#tell();
  };

  #tell(): void {
    const left: unknown = (window as { ethereum?: unknown }).ethereum;
    const before = this.#wallets.map(({ id }) => id).join();
    if (this.#found.size > 0) this.#wallets = [...this.#found.values()];
    else if (isProvider(left)) this.#wallets = [walletOf("injected", "Browser wallet", null, left)];
    if (this.#wallets.map(({ id }) => id).join() === before) return;
    for (const listener of this.#listeners) listener();
  }
}

function hex(text: string): string {
  return `0x${[...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export async function addressOf(wallet: Wallet): Promise<string> {
  const accounts = await wallet.request("eth_requestAccounts");
  const first: unknown = Array.isArray(accounts) ? accounts[0] : null;
  if (typeof first !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(first))
    throw new ApiError("wallet_locked", "the wallet gave no account", true);
  return first;
}

export async function chainOf(wallet: Wallet): Promise<number> {
  const chain = Number(await wallet.request("eth_chainId"));
  if (!Number.isSafeInteger(chain)) throw new ApiError("wallet_failed", "the wallet named no chain", true);
  return chain;
}

export async function switchChain(wallet: Wallet, chain: number): Promise<void> {
  await wallet.request("wallet_switchEthereumChain", [{ chainId: `0x${chain.toString(16)}` }]);
}

function signatureOf(answer: unknown): string {
  if (typeof answer !== "string" || !/^0x[0-9a-fA-F]+$/.test(answer))
    throw new ApiError("wallet_failed", "the wallet gave no signature", true);
  return answer;
}

export async function signText(wallet: Wallet, address: string, text: string): Promise<string> {
  return signatureOf(await wallet.request("personal_sign", [hex(text), address]));
}

/** `typed` is the EIP-712 document as JSON. */
export async function signTyped(wallet: Wallet, address: string, typed: string): Promise<string> {
  return signatureOf(await wallet.request("eth_signTypedData_v4", [address, typed]));
}

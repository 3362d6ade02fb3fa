import { randomBytes } from "node:crypto";
import type { Page } from "@playwright/test";
import {
  addressOfKey,
  bytesOf,
  personalDigest,
  signDigest,
  type TypedData,
  typedDigest,
} from "./mock/ethereum";

/** The chain that the wallet begins on: Arbitrum One. */
const ARBITRUM = 42_161;

/** A wallet with a key of its own that announces itself to pages by EIP-6963. The key never enters a page. */
export class TestWallet {
  readonly #secret: Uint8Array;
  readonly address: string;
  chain = ARBITRUM;
  /** It refuses to sign, as a user does who closes its window. */
  declines = false;
  /** What it was asked, in order. */
  readonly asked: string[] = [];

  /** With a key of its own, unless one is given. */
  constructor(
    readonly name = "Test Wallet",
    secret: Uint8Array = Uint8Array.from(randomBytes(32)),
  ) {
    this.#secret = secret;
    this.address = addressOfKey(secret);
  }

  answer(method: string, params: readonly unknown[]): unknown {
    this.asked.push(method);
    if (method === "eth_requestAccounts" || method === "eth_accounts") return [this.address.toLowerCase()];
    if (method === "eth_chainId") return `0x${this.chain.toString(16)}`;
    if (method === "wallet_switchEthereumChain") {
      this.chain = Number((params[0] as { chainId: string }).chainId);
      return null;
    }
    if (this.declines) throw Object.assign(new Error("User rejected the request."), { code: 4001 });
    if (method === "personal_sign")
      return signDigest(personalDigest(bytesOf(String(params[0]))), this.#secret);
    if (method === "eth_signTypedData_v4")
      return signDigest(typedDigest(JSON.parse(String(params[1])) as TypedData), this.#secret);
    throw Object.assign(new Error(`${method} is not supported`), { code: 4200 });
  }

  /** Puts the wallet into a page that is opened afterwards. */
  async install(page: Page): Promise<void> {
    await page.exposeFunction("testWalletAnswer", (method: string, params: readonly unknown[]) => {
      try {
        return { result: this.answer(method, params) };
      } catch (error) {
        const { code, message } = error as Error & { code: number };
        return { error: { code, message } };
      }
    });
    await page.addInitScript((name) => {
      type Answer = { result?: unknown; error?: { code: number; message: string } };
      type Ask = (method: string, params: readonly unknown[]) => Promise<Answer>;
      const ask = (window as unknown as { testWalletAnswer: Ask }).testWalletAnswer;
      const provider = {
        request: async ({ method, params }: { method: string; params?: readonly unknown[] }) => {
          const { result, error } = await ask(method, params ?? []);
          if (error) throw Object.assign(new Error(error.message), { code: error.code });
          return result;
        },
      };
      const info = {
        uuid: "0d9b1c5e-test",
        name,
        icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Cpath fill='%23808a99' d='M0 1h8v6H0z'/%3E%3C/svg%3E",
        rdns: "test.wallet",
      };
      const announce = (): void => {
        const detail = Object.freeze({ info, provider });
        window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
      };
      window.addEventListener("eip6963:requestProvider", announce);
      announce();
    }, this.name);
  }
}

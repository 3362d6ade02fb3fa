import { afterEach, describe, expect, it } from "vitest";
import { addressOf, asWalletError, chainOf, signText, WalletFinder } from "./wallet";

const provider = (answer: (method: string, params?: readonly unknown[]) => unknown) => ({
  request: ({ method, params }: { method: string; params?: readonly unknown[] }) =>
    Promise.resolve(answer(method, params)),
});

function announce(uuid: string, name: string, icon: string): void {
  const detail = { info: { uuid, name, icon, rdns: "x" }, provider: provider(() => null) };
  window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
}

describe("wallets of the browser", () => {
  afterEach(() => void Reflect.deleteProperty(window, "ethereum"));

  it("are found when they announce themselves, each once, with images that are images", () => {
    const finder = new WalletFinder();
    let told = 0;
    finder.subscribe(() => (told += 1));
    announce("1", "One", "data:image/png;base64,AA");
    announce("1", "Again", "data:image/png;base64,AA");
    announce("2", "Two", "https://tracker.example/pixel.png");
    expect(finder.wallets.map(({ name, icon }) => `${name} ${icon}`)).toEqual([
      "One data:image/png;base64,AA",
      "Two null",
    ]);
    expect(told).toBe(2);
  });

  it("are sought in the old place only where none announces itself", () => {
    Object.assign(window, { ethereum: provider(() => null) });
    const finder = new WalletFinder();
    finder.look();
    expect(finder.wallets.map(({ name }) => name)).toEqual(["Browser wallet"]);
    announce("3", "Three", "");
    expect(finder.wallets.map(({ name }) => name)).toEqual(["Three"]);
  });

  it("are asked in the words of EIP-1193", async () => {
    const asked: unknown[] = [];
    Object.assign(window, {
      ethereum: provider((method, params) => {
        asked.push([method, params]);
        if (method === "eth_requestAccounts") return ["0x71c7656ec7ab88b098defb751b7401b5f6d8976f"];
        return method === "eth_chainId" ? "0xa4b1" : "0x00ff";
      }),
    });
    const finder = new WalletFinder();
    finder.look();
    const [wallet] = finder.wallets;
    if (wallet === undefined) throw new Error("no wallet");
    const address = await addressOf(wallet);
    expect(await chainOf(wallet)).toBe(42_161);
    expect(await signText(wallet, address, "a\u00e9")).toBe("0x00ff");
    expect(asked.at(-1)).toEqual(["personal_sign", ["0x61c3a9", address]]);
  });

  it("say by code why they refuse", () => {
    expect(asWalletError({ code: 4001, message: "User rejected" }).code).toBe("wallet_declined");
    expect(asWalletError({ code: -32002 }).code).toBe("wallet_busy");
    expect(asWalletError(new Error("boom"))).toMatchObject({ code: "wallet_failed", message: "boom" });
  });
});

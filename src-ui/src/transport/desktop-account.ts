import { commands } from "./bindings.gen";
import { asApiError } from "./decode";
import type { AccountPort } from "./types";

/** The account of this computer's user, which its own engine knows. */
export const OWN_ACCOUNT: AccountPort = {
  equityUsd: async () => {
    const settings = await commands.account().catch((error: unknown) => {
      throw asApiError(error);
    });
    return settings.equity_usd;
  },
  stateEquityUsd: async (amount) => {
    try {
      await commands.tellAccount({ ...(await commands.account()), equity_usd: amount });
    } catch (error) {
      throw asApiError(error);
    }
  },
};

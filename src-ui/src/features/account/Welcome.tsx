import type { ReactNode } from "react";
import { timeText } from "~/shared/age";
import type { AuthDesk } from "~/stores/auth-desk";
import { Refusal } from "./Refusal";
import { useAuth } from "./useDesk";

interface WelcomeProps {
  readonly desk: AuthDesk;
  /** A login just failed: its refusal says more than that the last session is over. */
  readonly failed: boolean;
  /** What is signed here. */
  readonly children: ReactNode;
}

/** Before a login: why the last session ended, and what a login is for. */
export function Welcome({ desk, failed, children }: WelcomeProps): ReactNode {
  const { state, ended } = useAuth(desk);
  return (
    <>
      {ended !== null && !failed ? (
        <>
          <Refusal error={{ code: ended.code, message: "the session is over" }} />
          <p className="hint">{`Noticed at ${timeText(ended.at)}. What you watched is still here.`}</p>
        </>
      ) : null}
      <p>
        {state?.login === "required"
          ? "This server shows its markets to users alone."
          : "The market is open to everybody here. A login adds your accounts."}{" "}
        {children}
      </p>
    </>
  );
}

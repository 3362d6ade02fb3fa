import { type ReactNode, useState } from "react";
import { dayText, timeText } from "~/shared/age";
import { Figure } from "~/shared/Figure";
import type { FigureText } from "~/shared/figure-ink";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { plain, share, signed } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import { macroText, spaced } from "~/stores/alpha-words";
import type { Drift, Governance, Shadow } from "~/stores/governance";
import { ofConviction } from "~/stores/judgement";
import { useSession, useSessionPart } from "~/stores/react";

/** Outcomes before the calibration may be judged. */
const OUTCOMES_NEEDED = 50;

/** What the model is worth, and whether the market is the one that it knows. */
export function GovernancePanel({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const governance = (): Stamped<Governance> | null => session.alpha.governance(symbol);
  const known = useSampled(() => governance() !== null, 250);
  const features = useSampled(
    () => governance()?.draw(0, ({ drift }) => drift.map(({ feature }) => feature).join()) ?? "",
    500,
  );
  const [chances] = useState(() => ({
    up: ofConviction(({ probability }) => probability?.up ?? null),
    down: ofConviction(({ probability }) => probability?.down ?? null),
  }));
  if (!known)
    return (
      <div className="panel">
        <Notice
          kind="waiting"
          title={`Waiting for the governance of ${symbol}`}
          detail="It reports on change and every ten seconds."
        />
      </div>
    );
  const chance = (side: "up" | "down"): ReactNode => (
    <Fact
      name={`Chance of ${side === "up" ? "+" : "\u2212"}1 % in 1 h`}
      title="By the model; without one, of a walk without drift that has this market's volatility"
    >
      <Figure
        label={`chance of one per cent ${side} within an hour`}
        source="alpha"
        testId={`chance-${side}`}
        read={() => chances[side](session.alpha.judged(symbol))}
        format={(value) => share(value)}
      />
    </Fact>
  );
  const told = (read: (value: Governance) => string) => () => governance()?.draw(0, read) ?? "\u2014";
  const figure = (pick: (value: Governance) => number | null) => () => {
    const held = governance();
    return held === null || held.draw(0, pick) === null ? null : held;
  };
  const row = (
    name: string,
    pick: (value: Governance) => number | null,
    write: (value: number | null) => FigureText,
    title: string,
  ): ReactNode => (
    <Fact name={name} title={title}>
      <Figure label={title} source="alpha" read={figure(pick)} format={(value) => write(pick(value))} />
    </Fact>
  );
  return (
    <div className="panel facts" tabIndex={0} role="region" aria-label={`Governance and model of ${symbol}`}>
      <dl>
        <Fact name="Regime" title={`Macro regime of ${symbol}`}>
          <LiveText
            everyMs={500}
            testId="gov-regime"
            read={told(({ macroRegime }) => macroText(macroRegime))}
          />
        </Fact>
        <Fact name="Since" title="When this regime was told first">
          <LiveText
            everyMs={500}
            read={told(({ sinceMs }) => (sinceMs === null ? "\u2014" : timeText(sinceMs)))}
          />
        </Fact>
        {row(
          "Volatility percentile",
          ({ volPercentile }) => volPercentile,
          share,
          "percentile of the volatility",
        )}
        {chance("up")}
        {chance("down")}
        <Fact name="Model" title="The probability model">
          <LiveText
            everyMs={500}
            testId="gov-model"
            className="strong"
            read={told(({ model }) => (model.trained ? (model.id?.slice(0, 8) ?? "trained") : "UNTRAINED"))}
            state={() =>
              governance()?.draw(0, ({ model }) => model.trained) === true ? "trained" : "untrained"
            }
          />
        </Fact>
        <Fact name="Trained" title="On what and how long ago the model was trained">
          <LiveText
            everyMs={500}
            read={told(({ model: { trainedOn, trainedAtMs } }) => {
              if (trainedOn === null) return "\u2014";
              const age =
                trainedAtMs === null
                  ? ""
                  : `, ${dayText(trainedAtMs, "day")} ${timeText(trainedAtMs).slice(0, 5)}`;
              return `${trainedOn === "simulated" ? "SIMULATED" : trainedOn}${age}`;
            })}
          />
        </Fact>
        {row(
          "Brier skill",
          ({ model }) => model.brierSkill,
          (value) => signed(value, 3),
          "out-of-sample Brier skill against the base rate",
        )}
        {row(
          "AUC",
          ({ model }) => model.auc,
          (value) => plain(value, 3),
          "out-of-sample area under the ROC curve",
        )}
        {row(
          "ECE",
          ({ model }) => model.ece,
          (value) => plain(value, 3),
          "expected calibration error",
        )}
        {row(
          "Samples",
          ({ model }) => model.samples,
          (value) => plain(value, 0),
          "rows that the model was trained on",
        )}
        <Fact name="Calibration" title="Judged by labelled outcomes of this engine's own predictions">
          <LiveText
            everyMs={500}
            testId="gov-calibration"
            read={told(({ calibration }) => calibration.status.toUpperCase())}
            state={told(({ calibration }) => calibration.status)}
          />
        </Fact>
        <Fact
          name="Outcomes"
          title={`Labelled outcomes; the calibration is judged from ${OUTCOMES_NEEDED} on`}
        >
          <LiveText
            everyMs={500}
            read={told(({ calibration: { outcomes } }) =>
              outcomes === null
                ? "\u2014"
                : outcomes < OUTCOMES_NEEDED
                  ? `${outcomes} of ${OUTCOMES_NEEDED}`
                  : String(outcomes),
            )}
          />
        </Fact>
        <Fact name="On trial" title="A model that runs beside the one in use">
          <LiveText
            everyMs={500}
            read={told(({ shadow }) => (shadow === null ? "none" : trialText(shadow)))}
          />
        </Fact>
      </dl>
      {features === "" ? null : (
        <dl aria-label="Drift of the inputs">
          {features.split(",").map((feature) => (
            <DriftRow
              key={feature}
              feature={feature}
              read={() =>
                governance()?.draw(0, ({ drift }) => drift.find((item) => item.feature === feature)) ?? null
              }
            />
          ))}
        </dl>
      )}
    </div>
  );
}

function trialText({ id, outcomes, needed, better }: Shadow): string {
  const count = outcomes === null || needed === null ? "" : `, ${outcomes} of ${needed} outcomes`;
  return `${id.slice(0, 8)}${count}${better ? ", better" : ""}`;
}

function Fact({
  name,
  title,
  children,
}: {
  readonly name: string;
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface DriftRowProps {
  readonly feature: string;
  readonly read: () => Drift | null | undefined;
}

function DriftRow({ feature, read }: DriftRowProps): ReactNode {
  return (
    <div title={`Population stability of ${feature} against what the model was trained on`}>
      <dt>drift: {spaced(feature)}</dt>
      <dd>
        <LiveText
          everyMs={500}
          testId={`drift-${feature}`}
          read={() => {
            const drift = read();
            if (drift?.psi == null) return "\u2014";
            return `${drift.psi.toFixed(2)} of ${drift.threshold?.toFixed(2) ?? "\u2014"}${drift.drifted ? " DRIFTED" : ""}`;
          }}
          state={() => (read()?.drifted === true ? "drifted" : "steady")}
        />
      </dd>
    </div>
  );
}

export function GovernanceHead({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const link = useSessionPart((snapshot) => snapshot.link);
  return (
    <div className="head">
      <span className="spring" />
      <PanelAge read={() => session.alpha.governance(symbol)} link={link} testId="age-governance" />
    </div>
  );
}

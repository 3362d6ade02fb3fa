import { type ReactNode, useState } from "react";
import { ageText } from "~/shared/age";
import { CentredBar } from "~/shared/CentredBar";
import { Figure } from "~/shared/Figure";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { plain, score, signed } from "~/shared/signal";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import type { Judged } from "~/stores/alpha-desk";
import { toneOf } from "~/stores/alpha-words";
import { type ComponentName, COMPONENTS, type ComponentReading } from "~/stores/conviction";
import { componentFigure, ofConviction } from "~/stores/judgement";
import { useSession, useSessionPart } from "~/stores/react";
import { useUi } from "~/stores/ui";

/** The chosen symbol's conviction: five components, and why. */
export function ConvictionPanel({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const openWhy = useUi((state) => state.openWhy);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const judged = (): Stamped<Judged> | null => session.alpha.judged(symbol);
  const known = useSampled(() => judged() !== null);
  const [pick] = useState(() => ({
    confidence: ofConviction(({ confidence }) => confidence),
    reward: ofConviction(({ rrTarget }) => rrTarget),
    raw: ofConviction((conviction) => conviction.score),
    average: ofConviction(({ average }) => average),
  }));
  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  return (
    <div className="panel conviction" data-testid="conviction">
      {COMPONENTS.map((name, index) => (
        <Row key={`${symbol} ${name}`} name={name} index={index} judged={judged} />
      ))}
      <dl className="conviction-facts">
        <Fact name="Raw" title="The score as it was told; the panel's head shows it smoothed">
          <Figure
            label="raw score"
            source="alpha"
            testId="conviction-raw"
            read={() => pick.raw(judged())}
            format={score}
          />
        </Fact>
        <Fact name="Avg 10" title="Mean of the last ten evaluations">
          <Figure
            label="average score of the last readings"
            source="alpha"
            read={() => pick.average(judged())}
            format={(value) => score(value.score)}
            tone={(value) => toneOf(value.bias)}
          />
        </Fact>
        <Fact name="Confidence" title="Size of the conviction after trust in its inputs, 0 to 1">
          <Figure
            label="confidence"
            source="alpha"
            read={() => pick.confidence(judged())}
            format={(value) => plain(value)}
          />
        </Fact>
        <Fact name="R:R" title="Reward to risk that is aimed at">
          <Figure
            label="reward to risk"
            source="alpha"
            read={() => pick.reward(judged())}
            format={(value) => plain(value, 1)}
          />
        </Fact>
      </dl>
      <button type="button" className="conviction-why" onClick={() => openWhy("conviction")}>
        Why
      </button>
      {known ? null : (
        <Notice
          kind="waiting"
          title={`Waiting for the conviction of ${symbol}`}
          detail="Followed symbols are judged at least once a second."
        />
      )}
    </div>
  );
}

interface FactProps {
  readonly name: string;
  readonly title: string;
  readonly children: ReactNode;
}

function Fact({ name, title, children }: FactProps): ReactNode {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface RowProps {
  readonly name: ComponentName;
  readonly index: number;
  readonly judged: () => Stamped<Judged> | null;
}

/** A component: weight, score as a bar, share of the conviction, age of its feed. */
function Row({ name, index, judged }: RowProps): ReactNode {
  const openWhy = useUi((state) => state.openWhy);
  const [figure] = useState(() => componentFigure(index));
  const component = (): ComponentReading | null =>
    judged()?.draw(0, ({ conviction }) => conviction.components[index] ?? null) ?? null;
  const title = (name[0] ?? "").toUpperCase() + name.slice(1);
  return (
    <button
      type="button"
      className="conviction-row"
      data-testid={`component-${name}`}
      title={`Lay open what ${title} was made of`}
      onClick={() => openWhy(name)}
    >
      <span className="conviction-name">{title}</span>
      <LiveText
        className="conviction-weight"
        everyMs={1000}
        read={() => (component()?.weight ?? null)?.toFixed(2).replace(/^0/, "") ?? "\u2014"}
      />
      <CentredBar
        read={() => {
          const found = component();
          return found?.score == null ? null : { value: found.score, state: found.state };
        }}
      />
      <Figure
        className="conviction-share"
        label={`contribution of ${name}`}
        source="alpha"
        read={() => figure(judged())}
        format={(value) => signed(value.contribution)}
        tone={(value) => ((value.contribution ?? 0) > 0 ? "up" : (value.contribution ?? 0) < 0 ? "down" : "")}
      />
      <LiveText
        className="conviction-age"
        everyMs={100}
        read={(now) => {
          const reading = figure(judged())?.read(now) ?? null;
          if (reading === null) return "missing";
          if (reading.state === "stale") return `STALE ${ageText(reading.ageMs)}`;
          return component()?.ready === false ? "warming up" : ageText(reading.ageMs);
        }}
        state={(now) => figure(judged())?.read(now).state ?? "missing"}
      />
    </button>
  );
}

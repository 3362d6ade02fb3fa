import { useEffect } from "react";
import type { Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import type { AnswerState } from "~/stores/alpha-answers";
import { useSession } from "~/stores/react";
import { asGates, asWhy, type GatesAnswer, type WhyAnswer } from "~/stores/why";
import type { AlphaQuestion } from "~/transport/types";

interface Answer<T> {
  readonly read: () => Stamped<T> | null;
  /** `here`, `asking`, or an error's code and words. */
  readonly phase: string;
}

function phaseOf(state: AnswerState): string {
  return state.phase === "failed" ? `${state.error.code} ${state.error.message}` : state.phase;
}

function useLooked(kind: "why" | "gates", symbol: string): { question: AlphaQuestion; phase: string } {
  const { alpha } = useSession();
  const question: AlphaQuestion = { kind, symbol };
  useEffect(() => alpha.answers.look({ kind, symbol }), [alpha, kind, symbol]);
  const phase = useSampled(() => phaseOf(alpha.answers.state(question)), 250);
  return { question, phase };
}

/** The tree of a symbol's decision, asked for while the component is there. */
export function useWhy(symbol: string): Answer<WhyAnswer> {
  const { alpha } = useSession();
  const { question, phase } = useLooked("why", symbol);
  return { read: () => alpha.answers.get(question, asWhy), phase };
}

export function useGates(symbol: string): Answer<GatesAnswer> {
  const { alpha } = useSession();
  const { question, phase } = useLooked("gates", symbol);
  return { read: () => alpha.answers.get(question, asGates), phase };
}

import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { checkProof } from "~/stores/proof-check";
import answer from "~/stores/proof.fixture.json";
import { asProof } from "~/transport/proof-decode";
import { ProofEvidence } from "./ProofEvidence";
import { ProofRecords } from "./ProofRecords";

const proof = asProof(answer);
if (proof === null) throw new Error("not a proof");
afterEach(cleanup);

test("each record is a line with number, time, words, hash and mark; the record itself stands behind it", async () => {
  const check = await checkProof(proof);
  render(<ProofRecords records={proof.records} check={check} />);
  const lines = screen.getAllByRole("listitem");
  expect(lines).toHaveLength(8);
  const [, second] = lines;
  if (second === undefined) throw new Error("no second line");
  expect(second.textContent).toMatch(/^26\d\d:\d\d:\d\d\.\d{3}Written down before it was sent/);
  expect(second.textContent).not.toContain("{");
  expect(within(second).getByRole("img").getAttribute("aria-label")).toContain("leads to the signed root");
  expect(within(second).getByText(/^[0-9a-f]{8}$/)).toBeDefined();
  fireEvent.click(within(second).getByText("raw"));
  expect(second.textContent).toContain('"record":"intent"');
  expect(within(second).getByLabelText("Copy record 26 as it was written")).toBeDefined();
  fireEvent.click(within(second).getByText("hide"));
  expect(second.textContent).not.toContain('"record":"intent"');
  fireEvent.click(screen.getByText("Show raw"));
  expect(document.querySelectorAll("pre")).toHaveLength(8);
});

test("a record that is not what was signed is marked, and the sum says so", async () => {
  const [first, ...rest] = proof.records;
  if (first === undefined) throw new Error("no records");
  const other = { ...proof, records: [{ ...first, atMs: first.atMs + 1 }, ...rest] };
  const check = await checkProof(other);
  render(
    <>
      <ProofRecords records={other.records} check={check} />
      <ProofEvidence cloid="0xab" proof={other} check={check} />
    </>,
  );
  expect(document.querySelectorAll('.proof-mark[data-state="broken"]')).toHaveLength(1);
  expect(screen.getByTestId("proof-paths").textContent).toBe(
    "1 of 8 do NOT lead to the checkpoint\u2019s root",
  );
});

test("names checkpoint, signer, key and the commands that verify it offline", async () => {
  render(<ProofEvidence cloid="0xab" proof={proof} check={await checkProof(proof)} />);
  expect(screen.getByTestId("proof-signature").textContent).toBe(
    "of hypersentry/orders+a175ab91, by Ed25519: fits the checkpoint, checked in this window",
  );
  expect(screen.getByTestId("proof-checkpoint").textContent).toContain("hypersentry/orders\n39\n");
  for (const command of [
    "python3 tools/verify_audit.py proof proof.json --key audit.pub",
    "hypersentry-gateway audit verify DIR --key audit.pub --checkpoint checkpoint.txt",
    "hypersentry-gateway audit prove DIR --key audit.pub --order 0xab",
  ])
    expect(screen.getByText(command)).toBeDefined();
});

test("says that nothing was checked where the browser computes no hashes", () => {
  render(<ProofEvidence cloid="0xab" proof={proof} check={null} />);
  expect(screen.getByTestId("proof-paths").textContent).toContain("not checked here");
  expect(screen.getByTestId("proof-signature").textContent).toContain("not checked here");
});

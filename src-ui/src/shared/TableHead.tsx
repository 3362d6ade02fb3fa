import type { ReactNode } from "react";

interface TableHeadProps {
  readonly columns: readonly string[];
  /** What stands over the last column in the place of its name. */
  readonly last?: ReactNode;
}

/** The head of a table of figures: one column a name. */
export function TableHead({ columns, last }: TableHeadProps): ReactNode {
  return (
    <thead>
      <tr>
        {columns.map((name, index) => (
          <th key={name} scope="col">
            {last !== undefined && index === columns.length - 1 ? last : name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

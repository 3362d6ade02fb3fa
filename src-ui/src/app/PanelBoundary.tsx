import { Component, type ReactNode } from "react";
import { Notice } from "~/shared/Notice";

interface PanelBoundaryProps {
  readonly title: string;
  readonly children: ReactNode;
}

interface PanelBoundaryState {
  readonly failure: string | null;
}

/** A fault in one panel leaves the others working. */
export class PanelBoundary extends Component<PanelBoundaryProps, PanelBoundaryState> {
  override state: PanelBoundaryState = { failure: null };

  static getDerivedStateFromError(error: unknown): PanelBoundaryState {
    return { failure: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return (
      <Notice kind="error" title={`${this.props.title} stopped`} detail={failure} code="panel_failed">
        <button type="button" onClick={() => this.setState({ failure: null })}>
          Start it again
        </button>
      </Notice>
    );
  }
}

import "dockview-react/dist/styles/dockview.css";
import "./app/fonts.css";
import "./app/tokens.css";
import "./app/base.css";
import "./app/shell.css";
import "./app/dock.css";
import "./app/panels.css";
import "./app/sheets.css";
import "./app/health.css";
import "./app/chart.css";
import "./app/conviction.css";
import "./app/cockpit.css";
import "./app/account.css";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { followAddress } from "./app/route";
import { Session } from "./stores/session";
import { useSettings } from "./stores/settings";
import { chooseTransport } from "./transport/choose";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root element");

const transport = await chooseTransport();
followAddress(transport.kind);
const session = new Session(transport, useSettings.getState().symbol);
createRoot(root).render(<App session={session} />);
session.start();

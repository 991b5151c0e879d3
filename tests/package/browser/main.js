// The platform wraps components in a shadow of its own, through which its stylesheet reaches them.
import "@lwc/synthetic-shadow";
import { createElement } from "lwc";
import BonusMalus from "c/bonusMalus";

const element = createElement("c-bonus-malus", { is: BonusMalus });
element.recordId = "003000000000001AAA";
document.querySelector("main").appendChild(element);

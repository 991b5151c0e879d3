import React from "react";
import {
  DescriptionList,
  DescriptionListItem,
  EmptyState,
  ErrorState,
  Flex,
  Heading,
  List,
  LoadingSpinner,
  ProgressBar,
  Statistics,
  StatisticsItem,
  StatisticsTrend,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Tag,
  Text,
  hubspot,
} from "@hubspot/ui-extensions";
import { useCrmProperties } from "@hubspot/ui-extensions/crm";
import { day, decimals, place, reviews, sentences } from "./reading.js";
import { textsFor } from "./texts.js";

export const PROPERTIES = [
  "coefficient",
  "expected",
  "tier",
  "previous_tier",
  "points",
  "price_adjustment",
  "trend",
  "reasons",
  "way_back",
  "next_review",
  "status",
  "history",
  "computed_at",
].map((name) => `bonus_malus_${name}`);

const NOTHING = "\u2014";
const TREND_SHAPES = { improving: ["decrease", "green"], worsening: ["increase", "red"] };
const TREND_TAGS = { improving: "success", stable: "default", worsening: "error" };

hubspot.extend(({ context }) => <BonusMalusCard context={context} />);

/** The bonus-malus section of a contact, read as the user who looks at it. */
export function BonusMalusCard({ context }) {
  const locale = context.user?.locale?.replace("_", "-") || "en";
  const texts = textsFor(locale);
  const { properties, error, isLoading } = useCrmProperties(PROPERTIES);
  if (isLoading) {
    return <LoadingSpinner label={texts.loading} showLabel={true} />;
  }
  if (error) {
    return (
      <ErrorState title={texts.failedTitle}>
        <Text>{texts.failed}</Text>
      </ErrorState>
    );
  }
  const value = (name) => properties[`bonus_malus_${name}`] || "";
  if (!value("coefficient")) {
    return (
      <EmptyState title={texts.emptyTitle} layout="vertical">
        <Text>{texts.empty}</Text>
      </EmptyState>
    );
  }
  return <Standing value={value} texts={texts} locale={locale} />;
}

function Standing({ value, texts, locale }) {
  const coefficient = decimals(value("coefficient"), locale);
  const expected = value("expected") ? decimals(value("expected"), locale) : NOTHING;
  const number = (name) => (value(name) ? new Intl.NumberFormat(locale).format(Number(value(name))) : NOTHING);
  const percent = new Intl.NumberFormat(locale, { style: "percent", signDisplay: "exceptZero" });
  const trend = value("trend");
  const [direction, color] = TREND_SHAPES[trend] ?? [];
  const tier = (name) => texts.tiers[value(name)] ?? (value(name) || NOTHING);
  const history = reviews(value("history"));
  const reasons = sentences(value("reasons"));
  return (
    <Flex direction="column" gap="small">
      <Statistics>
        <StatisticsItem label={texts.coefficient} number={coefficient}>
          {direction && (
            <StatisticsTrend direction={direction} color={color} value={texts.expectedIs(expected)} />
          )}
        </StatisticsItem>
        <StatisticsItem label={texts.points} number={number("points")} />
      </Statistics>
      <ProgressBar
        title={`${coefficient} ${texts.scale}`}
        value={place(Number(value("coefficient")))}
        maxValue={100}
        valueDescription={`0.50 \u2013 3.50`.replaceAll(".", locale.startsWith("fr") ? "," : ".")}
        variant={Number(value("coefficient")) <= 1 ? "success" : Number(value("coefficient")) <= 1.5 ? "warning" : "danger"}
      />
      <Flex direction="row" gap="small" wrap={true}>
        <Tag>{texts.tierIs(tier("tier"))}</Tag>
        {trend && <Tag variant={TREND_TAGS[trend] ?? "default"}>{texts.trends[trend] ?? trend}</Tag>}
      </Flex>
      {reasons.length > 0 && (
        <>
          <Heading>{texts.reasons}</Heading>
          <List variant="unordered-styled">
            {reasons.map((reason) => (
              <Text key={reason}>{reason}</Text>
            ))}
          </List>
        </>
      )}
      {value("way_back") && (
        <>
          <Heading>{texts.wayBack}</Heading>
          <Text>{value("way_back")}</Text>
        </>
      )}
      <DescriptionList direction="row">
        <DescriptionListItem label={texts.expected}>
          <Text>{expected}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={texts.nextReview}>
          <Text>{value("next_review") ? day(value("next_review"), locale) : NOTHING}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={texts.status}>
          <Text>{texts.statuses[value("status")] ?? (value("status") || NOTHING)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={texts.previousTier}>
          <Text>{tier("previous_tier")}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={texts.priceAdjustment}>
          <Text>{value("price_adjustment") ? percent.format(Number(value("price_adjustment")) / 100) : NOTHING}</Text>
        </DescriptionListItem>
      </DescriptionList>
      {history.length > 0 && (
        <Table bordered={true}>
          <TableHead>
            <TableRow>
              <TableHeader>{texts.history}</TableHeader>
              <TableHeader align="right">{texts.coefficient}</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {history.map((review) => (
              <TableRow key={review.key}>
                <TableCell>{day(review.on, locale)}</TableCell>
                <TableCell align="right">{decimals(review.coefficient, locale)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {value("computed_at") && <Text variant="microcopy">{`${texts.computedAt} ${day(value("computed_at"), locale)}`}</Text>}
    </Flex>
  );
}

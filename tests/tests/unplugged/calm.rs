//! Without faults everything is there, fresh and whole.

use hypersentry_model::{Freshness, Share, Source, Symbol, Venue};
use hypersentry_tests::plant::Plant;

#[test]
fn every_venue_tells_fresh_figures() {
    let mut plant = Plant::new(11, &Venue::ALL, 11, None);
    plant.run(60_000, &mut |_| {});
    println!("{:?}", plant.tally);
    let btc = Symbol::new("BTC").unwrap();
    for venue in Venue::ALL {
        let told = plant.core.market().snapshot(Source::Venue(venue), btc);
        let data = told.unwrap_or_else(|| panic!("{venue}: nothing told")).data;
        let book = data.book.unwrap();
        assert_eq!(book.mark.state, Freshness::Fresh, "{venue}: book");
        assert!(!book.bids.unwrap().is_empty(), "{venue}: no bids");
        assert_eq!(data.trades.unwrap().mark.state, Freshness::Fresh, "{venue}");
        let cvd = data.cvd_venue_1m.unwrap();
        assert!(cvd.v.is_some(), "{venue}: no volume delta");
        assert!(
            cvd.coverage.missing < Share::of(1, 10),
            "{venue}: {:?}",
            cvd.coverage
        );
        assert_eq!(data.candles.unwrap().len(), 6, "{venue}: candles");
        let interest = data.open_interest_usd.and_then(|f| f.v);
        assert_eq!(
            interest.is_some(),
            venue.is_perp(),
            "{venue}: open interest"
        );
    }
    let composite = plant
        .core
        .market()
        .snapshot(Source::Composite, btc)
        .unwrap();
    assert!(composite.data.oi_total.unwrap().v.is_some());
    assert!(composite.data.cvd_spot_1m.unwrap().v.is_some());
    assert_eq!(plant.tally.refused_messages + plant.tally.held_back, 0);
    assert!(
        plant.tally.refusals.is_empty(),
        "{:?}",
        plant.tally.refusals
    );
}

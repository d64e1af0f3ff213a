from benchmarks.draw import run


def test_the_benchmark_at_a_small_size(tmp_path):
    figures = run(3_000, 60, tmp_path)
    assert figures["simulated"] and figures["drawn"] == 60
    assert figures["draw_s"] > 0 and figures["verify_s"] > 0 and figures["reference"]["sha256_s"] > 0
    assert {figures["public"], figures["audit"]} == {str(tmp_path / "public.json"), str(tmp_path / "audit.json")}

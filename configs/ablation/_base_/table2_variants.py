# Table 2's 16 rows and the four full networks: one to four stages, each without one of its modules.
modules = dict(PB="processing_block", EFEM="efem", MSAM="msam", RIM="rim")
variants = {
    f"{stages} stages": dict(
        baseline="4 stages", options={"model.network.stages": stages, "model.loss.stages": stages}
    )
    for stages in (4, 3, 2, 1)
}
variants.update(
    {
        f"{stages} stages - {name}": dict(
            baseline=f"{stages} stages",
            options={
                "model.network.stages": stages,
                "model.loss.stages": stages,
                f"model.network.{module}": False,
            },
        )
        for stages in (4, 3, 2, 1)
        for name, module in modules.items()
    }
)

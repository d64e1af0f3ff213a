"""水电气、邮政、平台、气象: flows that show whether and how a firm is at work."""

from .grammar import Dataset, Days, Events, Periodic, Register, Whom, columns

POWER, WATER, GAS = "云汀供电公司", "云汀水务集团", "云汀燃气集团"
TRADE, POST = "云汀市商务局", "云汀市邮政管理局"

DATASETS = (
    Dataset(
        "power_usage", "用电量月结", POWER, Periodic(1, Whom(0.42)),
        columns("""
            uscc           用户信用代码      uscc
            month          电费月份          month
            kwh            用电量（千瓦时）  made number zero=power_stopped
            peak_share     峰段占比          number 0.46 0.09 0 1
            fee            电费（元）        money 900 0.9
        """),
        law="优化营商环境条例", article="37", domain="公用事业", purpose="用电量",
        conditions={"stopped": "kwh < 5"}, measures=("kwh",), direction={"stopped": "up"},
        known_lag=12, format="parquet", windows=("P90D", "P365D"),
    ),
    Dataset(
        "water_usage", "用水量月结", WATER, Periodic(1, Whom(0.36)),
        columns("""
            uscc           用户信用代码      uscc
            month          水费月份          month
            tonnes         用水量（吨）      money 24 1.0
            fee            水费（元）        money 90 1.0
            metered        抄表方式          choice 远传=8 人工=2
        """),
        law="优化营商环境条例", article="37", domain="公用事业", purpose="用水量", measures=("tonnes",),
        known_lag=15, dates="yyyyMM", format="csv.gz",
    ),
    Dataset(
        "gas_usage", "用气量月结", GAS, Periodic(1, Whom(0.6, ("catering", "food_making", "lodging"))),
        columns("""
            uscc           用户信用代码      uscc
            month          气费月份          month
            cubic_metres   用气量（立方米）  money 310 0.8
            fee            气费（元）        money 1100 0.8
        """),
        law="优化营商环境条例", article="37", domain="公用事业", purpose="用气量", measures=("cubic_metres",),
        known_lag=15, format="parquet", windows=("P90D", "P365D"),
    ),
    Dataset(
        "utility_arrears", "水电气欠费催缴", "云汀市公用事业服务中心", Events(signal="utility_arrears"),
        columns("""
            notice_no      催缴单号          no CJ
            uscc           用户信用代码      uscc
            utility        类别              choice 电=5 水=4 气=2
            months         欠费月数          int 1 6
            amount         欠费金额（元）    money 700 0.9
            noticed_on     催缴日期          date
        """),
        law="优化营商环境条例", article="37", domain="公用事业", purpose="欠费催缴", measures=("months", "amount"),
        direction={"count": "up"},
    ),
    Dataset(
        "gas_safety_checks", "工商用户燃气安检", GAS,
        Events(0.9, whom=Whom(0.6, ("catering", "food_making", "lodging"))),
        columns("""
            check_no       安检单号          no AJ
            uscc           用户信用代码      uscc
            checked_on     安检日期          date
            hazard         隐患等级          choice 无=82 一般=15 重大=3
            rectified_on   整改日期          after 1 60 0.3
        """),
        law="安全生产法", article="36", domain="公用事业", purpose="燃气安检",
        conditions={"grave": "hazard = '重大'", "hazard": "hazard <> '无'"},
    ),
    Dataset(
        "power_outages", "计划与故障停电（按日）", POWER, Days(),
        columns("""
            day            日期              date
            planned        计划停电户次      number 120 60 0 900
            faults         故障停电户次      number 40 25 0 600
        """),
        law="优化营商环境条例", article="37", domain="公用事业", purpose="停电户次", measures=("faults",),
        key=("day",),
    ),
    Dataset(
        "drainage_permits", "污水排入排水管网许可", WATER,
        Register(Whom(0.6, ("catering", "repair", "lodging", "food_making")), term=5),
        columns("""
            permit_no      许可证号          no PS
            uscc           排水户信用代码    uscc
            trap           是否设隔油池      choice 是=9 否=1 lean=0.1
            issued_on      发证日期          from
            valid_to       有效期至          to 5
        """),
        law="优化营商环境条例", article="40", domain="公用事业", purpose="排水许可", event="issued_on",
        conditions={"no_trap": "trap = '否'"},
    ),
    Dataset(
        "courier_volume", "快递收寄量月报", POST,
        Periodic(1, Whom(0.3, ("retail", "wholesale", "manufacturing", "logistics", "food_retail"))),
        columns("""
            uscc           寄件客户信用代码  uscc
            month          月份              month
            parcels        收寄件数          money 160 1.3
            returned       退件数            count 6
        """),
        law="电子商务法", article="52", domain="邮政", purpose="协议客户寄件量", measures=("parcels", "returned"),
        known_lag=10, format="csv.gz", dates="yyyyMM", windows=("P90D", "P365D"),
    ),
    Dataset(
        "courier_complaints", "快递服务申诉", POST, Events(0.5, whom=Whom(0.6, ("logistics",))),
        columns("""
            complaint_no   申诉编号          no KD
            uscc           企业信用代码      uscc
            problem        申诉问题          choice 延误=4 丢失=3 损毁=2 投递服务=5
            received_on    受理日期          date
            valid          是否有效申诉      choice 是=6 否=4
        """),
        law="电子商务法", article="52", domain="邮政", purpose="快递申诉", conditions={"valid": "valid = '是'"},
    ),
    Dataset(
        "platform_shops", "网络交易平台店铺入驻信息", TRADE,
        Register(Whom(0.35, ("catering", "retail", "food_retail", "wholesale"))),
        columns("""
            shop_no        店铺编号          no DP
            uscc           经营者信用代码    uscc
            platform       平台              choice 食速达=5 云集市=4 邻里购=3
            category       主营类目          choice 餐饮=4 食品=3 日用=3 服饰=3
            opened_on      入驻日期          from
            licence_shown  是否亮照          choice 是=95 否=5 lean=0.15
        """),
        law="电子商务法", article="28", domain="网络交易", purpose="平台报送的店铺信息", event="opened_on",
        conditions={"unlicensed": "licence_shown = '否'"},
    ),
    Dataset(
        "platform_orders", "网络餐饮订单月报", TRADE, Periodic(1, Whom(0.65, ("catering",))),
        columns("""
            uscc           商户信用代码      uscc
            month          月份              month
            platform       平台              choice 食速达=6 邻里购=4
            orders         订单量            money 600 1.0
            refunds        退款单量          count 9
            rating         平均评分          number 4.5 0.25 1 5
        """),
        law="电子商务法", article="28", domain="网络交易", purpose="网络餐饮订单与评分",
        measures=("orders", "refunds", "rating"),
        known_lag=8, dates="yyyyMM", format="csv.gz", windows=("P90D", "P365D"),
    ),
    Dataset(
        "bad_reviews", "网络餐饮差评", TRADE, Events(signal="bad_review"),
        columns("""
            review_no      评价编号          no PJ
            uscc           商户信用代码      uscc
            platform       平台              choice 食速达=6 邻里购=4
            reviewed_at    评价时间          time
            stars          评分              int 1 2
            content        评价内容          words review
        """),
        law="电子商务法", article="39", domain="网络交易", purpose="一星、二星评价（去重后）",
        conditions={"illness": "contains(content, '拉肚子') OR contains(content, '异物')"}, direction={"count": "up"},
        windows=("P90D", "P365D"),
    ),
    Dataset(
        "market_prices", "农贸市场价格监测", TRADE, Days(),
        columns("""
            day            日期              date
            pork           猪肉（元/公斤）   number 26 3.5 12 60
            eggs           鸡蛋（元/公斤）   number 10.5 1.2 5 25
            greens         青菜（元/公斤）   number 5.6 1.4 1 20
        """),
        law="价格法", article="28", domain="商务", purpose="价格监测", measures=("pork", "greens"),
        key=("day",), format="xlsx",
    ),
    Dataset(
        "export_declarations", "进出口报关单量", "云汀海关",
        Periodic(3, Whom(0.10, ("manufacturing", "wholesale"), ("company",))),
        columns("""
            uscc           经营单位信用代码  uscc
            period         统计期            month
            declarations   报关单量          count 14
            value          货值（美元）      money 52000 1.3
            inspected      查验单量          count 0.5
        """),
        law="优化营商环境条例", article="45", domain="海关", purpose="报关单量", measures=("value",),
        known_lag=25, dates="yyyyMM",
        windows=("P365D",),
    ),
    Dataset(
        "weather", "逐日气象要素", "云汀市气象局", Days(),
        columns("""
            day            日期              date
            high           最高气温（℃）     made number
            low            最低气温（℃）     made number
            rain           降水量（毫米）    made number
            humidity       平均相对湿度（%） number 76 11 20 100
        """),
        law="食品安全法", article="14", domain="气象", purpose="逐日气象", measures=("high", "rain"), key=("day",),
    ),
    Dataset(
        "foodborne_illness", "食源性疾病监测（按日）", "云汀市疾病预防控制中心", Days(),
        columns("""
            day            日期              date
            cases          报告病例数        count 7
            clusters       聚集性事件数      count 0.08
        """),
        law="食品安全法", article="14", domain="卫生健康", purpose="食源性疾病监测", measures=("cases",),
        key=("day",),
        known_lag=3, encoding="gb18030",
    ),
)  # fmt: skip
